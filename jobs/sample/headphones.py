"""Wireless headphones."""

from jobs.sample.content import Domain, parse_aspects

_ASPECTS = """
@ battery life | battery | battery charge playtime | ordered
? How (long|many hours) does the battery last?
? What is the (real|actual) playtime of the battery on one charge?
? How often do I have to charge the battery?
? Can I get through a long (flight|train ride) on one charge of the battery?
?= Will the battery (last|hold) (at least|a good) {want}?
* Up to {value} of playtime from one full charge
: One full charge gives you {value} of listening.
+ The battery (lasts|holds) (about|roughly|close to) {value}.
+ I get (around|nearly) {value} out of (one|a full) charge of the battery.
+ The battery (died|gave up) after {value}.
+ They played music for {value} before they (died|switched off).
+ Expect {value} of listening before you reach for the plug.
+ My longest stretch away from a wall socket was {value}.
! about {value} for me
! I measured {value} at half volume
- The battery (light|symbol) is (hard to read|far too bright) at night.
- My (old|previous) pair had a battery that lasted {other}.
- The battery was (half|almost) full when the box arrived.
- I wish the makers would sell a spare battery.
- A colleague claims that the battery of his brand runs {other}.
= 8 hours | eight hours
+ I have to plug them in (every evening|each night).
+ One (working|office) day and they are empty.
= 24 hours | a full day
+ A (weekend|two day) trip without the plug is no problem.
= 40 hours | forty hours
+ I plug them in about once a week.
@ charging port | charging port | port charger plug
? What kind of charging port (does it have|is it)?
? Which plug goes into the charging port?
? Does my phone's charger fit the port?
? What (cord|lead) goes into the charging port?
?= Does the charging port take {want}?
* Charging port: {value}
: Power comes in through {value}.
+ The charging port takes {value}.
+ You (fill|power) them up over {value} in the port.
+ The port takes {value}, nothing else fits.
! it takes {value}
! {value}, I just looked at mine
- The charging port is hidden under a (small|tight) flap.
- Dust (collects|gathers) in the port after a while.
- I already own far too many chargers for every port there is.
- My tablet has {other} for its port, and I never liked that.
- The charger got (lost|crushed) in the post.
= a USB-C plug | the usual USB-C plug
+ The lead of my new phone goes right in, either way up.
+ It is the modern oval kind that you can turn around.
= a micro USB plug | the old micro USB plug
+ The lead of my ancient e-reader fits it.
+ Sadly it is the old flat kind that only goes in one way up.
= a magnetic dock | its magnetic dock
+ You just lay them on the stand and it clicks into place.
+ Forget any lead, a magnet on the stand does it all.
@ cable length | cable | cable cord lead | ordered
? How long is the (audio|included) cable?
? What length is the cable in the box?
? Does the cable reach from a television to the couch?
? Is the cable lead long enough for a (desk|tower) computer?
?= Is the cable (at least|a full) {want} long?
* Detachable audio cable, {value} long
: The audio cable in the box measures {value}.
+ The cable (is|measures) {value} (long|from end to end).
+ The cable in the box is {value}.
+ I got {value} of cable with it.
+ I put a tape measure next to it and read {value}.
+ Sitting {value} away from the amplifier is the limit when wired.
! {value}, end to end
! mine is {value}
- The cable (tangles|knots) in my bag.
- The (cable|cord) feels (cheap|sturdy) and looks nice.
- I swapped the cable of my previous pair for one of {other}.
- A spare cable as a gift would have been nice.
- The cable rubs against my jacket and you can hear it.
= 1 meter | one meter
+ It barely gets from my ears to the pocket of my jeans.
= 2 meters | two meters
+ I can lean back at my desk while wired, no further.
= 3 meters | three meters
+ I can sit on the couch across the room and stay wired to the television.
@ noise cancelling | noise rating | noise cancelling isolation
? (Do|Will) these block (outside|background) noise?
? How good is the noise cancelling?
? Is there any noise cancelling (at all|in these)?
? Can you still hear (engine|office) noise with these on?
?= Do these have {want} against noise?
* Quiet listening thanks to {value}
: Street sounds are handled by {value}.
+ Against noise you get {value}.
+ The noise of the street meets {value}.
+ Outside noise is (handled|reduced) by {value}, as the box says.
! they come with {value}
! you get {value}
- The noise cancelling chapter of the guide is (long|confusing).
- My last pair used {other} against noise.
- Noise has always been a (topic|problem) in our open office.
- I read a long article about noise cancelling before ordering.
- Some buyers complain about noise cancelling in general.
= active noise cancelling | active cancelling
+ Flip the switch and the (engine|air conditioner) is gone.
+ I no longer hear the (train|bus|dishwasher) at all.
= passive isolation | thick passive padding
+ There is no electronics for it, the thick cushions just muffle the street.
+ They seal well, so (voices|keyboards) become a murmur.
= an open design | an open back
+ You hear everything around you, by design.
+ My neighbour at work can listen along, and I hear every word of his.
@ ear pad material | left ear pad | pad cushion padding
? What are the ear pads made of?
? Are the pads (leather or fabric|real leather)?
? Do the ear pads get (hot|sweaty) in summer?
? Which material (covers|is on) the pads?
?= Are the ear pads made of {want}?
* Soft ear pads made of {value}
: The ear pads are covered with {value}.
+ The pads are (made of|covered in) {value}.
+ What touches your ears is {value}.
+ You get ear pads (of|with) {value}.
+ The pads feel like {value}, because that is what they are.
+ My (skin|ears) can tell that this is {value}.
! {value}
! the pads are {value}
- One pad came off when I unpacked them.
- The pads of my older set were {other}.
- You can buy a spare pad (online|from the maker).
- The left pad (squeaks|moves) when I chew.
- The pads look exactly as in the picture.
= velour | soft velour
+ Fuzzy like a (sweater|teddy bear) and they stay cool in July.
= protein leather | fake leather
+ Shiny and smooth to the touch, and I do sweat after an hour.
= memory foam mesh | breathable mesh over memory foam
+ Air goes right through the net and they mould to your head slowly.
@ weight | printed weight | weight head gram
? How much weight (sits|is) on the head?
? What is the weight in (grams|ounces)?
? Do you feel the weight after a few hours?
? Is the weight okay for a small (head|neck)?
?= Is the weight around {want}?
* Weight: only {value}
: At a weight of {value}, you wear it all day.
+ The weight is {value} (on my kitchen scale|without the cord).
+ I weighed them and got {value}.
+ The scale says that the weight is {value}.
! {value} on my scale
! they are {value}
- I have a rather large head, by the way.
- The weight printed on the shipping label was wrong.
- My gaming set had a weight of {other}, and I sold it.
- The weight of the parcel surprised our mailman.
- My own weight is nothing that I discuss here.
= 160 grams | only 160 grams
+ I forget that I am wearing them, they are like a feather.
+ So light that they (slip off when I jog|nearly blow away).
= 250 grams | only 250 grams
+ An average pair, my neck does not complain.
+ Neither light nor heavy, about as much as an apple and a half.
= 380 grams | only 380 grams
+ My neck was tired after an hour, they are really heavy.
+ A brick for your ears, be warned.
@ microphone | microphone symbol | microphone mic call
? Is there a microphone (for calls|at all)?
? Does it have a microphone for a phone call?
? What kind of microphone (is on it|does it have)?
? Can the microphone be removed?
?= Is it sold with {want} for calls?
* Talk hands free with {value}
: Calls are taken with {value}.
+ For calls there is {value} as a microphone.
+ As a microphone you get {value}.
+ They (come|ship) with {value} for meetings.
! it has {value}
! {value}, I use it every day
- My microphone for singing is a different story.
- I never call anybody, so I can't comment on a microphone.
- The previous model had {other} as its microphone, says the forum.
- Customer service put my call on hold for an hour.
- A microphone icon is printed on the (box|side).
= a detachable boom microphone | a removable boom mic
+ Pull the little arm out when you do not need to talk.
+ The arm in front of your mouth snaps off.
= a built-in microphone | a tiny built-in mic
+ I can talk to my (boss|mother) with them, there is a pinhole on the left side.
+ It picks up my voice though you can't see or remove anything.
= no microphone | no mic at all
+ You can only listen with them, nobody will hear you speak.
+ For meetings I have to use my laptop to speak.
@ water resistance | water label | water rain sweat | ordered
? Are these (safe|fine) in rain water?
? Can I (run|exercise) with them, will sweat or water harm them?
? How much water can they take?
? Are they water resistant (or not|at all)?
?= Do they have {want} against water?
* Water resistance: {value}
: Against rain and sweat it has {value}.
+ The water resistance is {value}, (rain and sweat included|per the manual).
+ The manual promises {value} and mine behaved like it.
+ Against water there is {value}.
! {value}, says the manual
! the box says {value}
- It was raining cats and dogs when the parcel came, water everywhere.
- I spilled water on the box before I even opened it.
- The sport version of another brand has {other} against water.
- A water bottle would have been a better gift.
- I drink water when I listen to sad music.
= no protection | no protection whatsoever
+ A short drizzle (killed|ruined) the left side of mine.
+ Keep them dry, mine died after one wet jog.
= splash protection | a splash rating
+ A (drizzle|few drops) on the way home did them no harm.
+ Fine at the gym, but I would not take a shower with them.
= full waterproofing | a full waterproof rating
+ I dropped them in the (pool|sink) and they kept playing.
+ You can rinse them under the tap.
"""

DOMAIN = Domain(
    name="Headphones",
    categories=("Headphones", "Wireless Headphones"),
    thing="these headphones",
    titles=(
        "{brand} {model} Wireless Headphones with {microphone}, {battery life}",
        "{brand} {model} Headphones, {noise cancelling}, {weight}",
        "{model} by {brand}: Bluetooth Headphones ({battery life}, {ear pad material})",
        "{brand} {model} Over-Ear Headphones",
    ),
    prices=(19, 349),
    aspects=parse_aspects(_ASPECTS),
)
