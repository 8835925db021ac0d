"""Electric kettles."""

from jobs.sample.content import Domain, parse_aspects

_ASPECTS = """
@ capacity | capacity mark | capacity cup liter | ordered
? How many (cups|mugs) is the capacity?
? What is the (maximum|full) capacity?
? What capacity does it have in cups?
? Is the capacity enough for a family (breakfast|of four)?
?= Does it have a capacity of (at least|a good) {want}?
* Capacity of {value} for the whole table
: With a capacity of {value}, nobody waits for the second round.
+ The capacity is {value} (up to the top mark|when filled to the line).
+ Its capacity (amounts to|comes to) {value}.
+ It (holds|takes) {value} (at a time|when full).
+ I poured {value} into it before it reached the top mark.
+ You can boil {value} in one go.
! {value} when full
! it takes {value}
- The capacity of their hotline must be tiny.
- My (old|last) one had a capacity of {other}.
- The capacity of my brain is low before my first cup of tea.
- The capacity is printed in tiny letters on the bottom.
- For a capacity of {other} you need that other brand.
= 0.8 liters | eight hundred milliliters
+ Enough for two mugs, then you have to fill it again.
+ It is a tiny thing made for one person.
= 1.2 liters | one point two liters
+ Four of us get our tea from one filling, just about.
= 1.7 liters | one point seven liters
+ It serves a whole meeting room (at once|in one go).
+ Seven mugs came out of one filling.
@ body material | body | material body steel
? What (material|stuff) is the body made of?
? Is the inside of the body (plastic|steel)?
? Does any plastic touch the water in the body?
? Which material is the outside of the body?
?= Is the body made of {want}?
* Body made of {value}
: The body is made of {value}.
+ The body is (made of|all) {value}.
+ They made the body from {value}.
+ The water only ever touches {value}.
+ The body is {value} (inside and outside|through and through).
! it is {value}
! {value} inside and outside
- The body has a nice (curve|shape) to it.
- I had one with a body of {other} before and it (bored|annoyed) me.
- A sticker covers the body and leaves glue.
- Steel prices have gone up, so the price is fair.
- The body got a (dent|scratch) in the post.
= stainless steel | brushed steel
+ It is metal inside and out, a magnet sticks to it.
+ Fingerprints show on the shiny metal.
= borosilicate glass | clear glass
+ You can watch the bubbles rise through the walls.
+ See-through all around, so I know when to clean it.
= plastic without BPA | BPA free plastic
+ It smelled like a new toy for the first ten boils.
+ Light as a toy, no metal except the bottom plate.
@ boiling time | boiling time label | boiling minute time
? How long is the boiling time?
? How many minutes until the water is boiling?
? Is the boiling time short enough for a (morning rush|coffee break)?
? What boiling time does it have (when full|for two cups)?
?= Is the boiling time about {want}?
* Boiling time: {value} for a full load
: A full load has a boiling time of {value}.
+ The boiling time is {value} (by my watch|when full).
+ From cold to boiling it needs {value}.
+ I timed it with my phone and got {value}.
! {value} with a full load
! mine needs {value}
- It took some time to boil down the many offers to this one.
- Boiling eggs in it for a long time is a bad idea.
- The boiling time of the previous one was {other}, on a good day.
- I spent a long time and many a minute reading the guide.
- The time on my oven is wrong since the power cut.
= 3 minutes | three minutes
+ By the time the bread is toasted, the water is ready.
+ Lightning fast, I barely find a mug before it clicks.
= 5 minutes | five minutes
+ Not the fastest, but quicker than my stove.
+ I set the table in the meantime, then it is ready.
= 8 minutes | eight minutes
+ You can take a shower while you wait.
+ Painfully slow, my gas stove beats it.
@ temperature control | temperature sticker | temperature setting degree
? Can I (set|choose) the temperature?
? Is there a temperature setting for green tea?
? What temperature control does it have?
? Which temperature settings are there?
?= Does it come with {want} for the temperature?
* Temperature control: {value}
: Choose your temperature with {value}.
+ For the temperature there is {value}.
+ You get {value}, as far as temperature goes.
+ The temperature is chosen with {value}.
! it has {value}
! there is {value}
- The temperature in our kitchen is low in winter.
- For the temperature I once had {other}, and it broke.
- No temperature helps against a bad tea, sadly.
- A temperature sticker on the base peeled off.
- At this temperature outside I need my tea.
= a single boil switch | one plain boil switch
+ It boils and that is all it can do, so green tea has to wait and cool down.
+ Only hot or off, nothing in between.
= four preset buttons | four fixed presets
+ I press the second button for oolong and it stops early enough.
+ Pick green, white, black or coffee with a button.
= a stepless dial | an analogue dial
+ I turn the knob to any point between warm and boiling.
+ You can stop it at baby bottle warmth or anywhere else.
@ shut-off | shut-off chapter | shut switch safety
? Does it (have an automatic shut-off|shut off by itself)?
? What happens if I forget to shut it off?
? Is there a safety shut off when it is empty?
? Is there a shut-off or do I have to watch it?
?= Is there {want} as a safety feature?
* Safety: {value}
: For your safety it comes with {value}.
+ As a shut-off it has {value}, I tested that.
+ In place of a shut-off switch there is {value}.
! it has {value}
! there is {value}
- The shut-off page of the guide is printed upside down.
- I shut the cupboard and it just fits.
- The other one in our office has {other} for its shut-off.
- The shut-off sticker on the box is bright red.
- I shut the box again and gave it to my (aunt|niece).
= automatic shut-off | an automatic shut-off
+ It clicks off (on its own|alone) once it bubbles.
+ I left the room, forgot about it and found it off.
+ No need to stand next to it, it stops alone.
= boil-dry protection only | nothing but boil-dry protection
+ It keeps bubbling until you press the button, it only stops once it is empty.
+ You have to turn it off by hand, unless no water is left.
+ My kitchen was full of steam because it went on and on.
= no automatic stop | no automatic stop at all
+ It goes on heating until somebody pulls the plug.
+ I forgot it once and it ran until all was gone and the bottom turned black.
+ Stay next to it, it never stops alone.
@ cord length | cord | cord cable outlet | ordered
? How long is the power cord?
? Does the cord reach an outlet (behind|below) the counter?
? What is the length of the power cord?
? Will the cord reach the outlet on my kitchen island?
?= Is the cord (at least|a full) {want} long?
* Power cord of {value}
: The power cord measures {value}.
+ The cord (is|measures) {value}.
+ There are {value} of cord under the base.
+ From base to plug I measured {value}.
+ An outlet more than {value} away is out of reach.
! {value}
! mine measures {value}
- The cord is (thick|stiff|white) and feels safe.
- The cord of my mixer has {other}.
- A cord is a cord, I can't say more.
- I wish the cord could be taken off for travel.
- A tie for the cord would be a nice gift to go with it.
= 70 centimeters | seventy centimeters
+ It has to stand right below the socket.
+ I needed an extension because the socket is behind the fridge.
= 100 centimeters | one hundred centimeters
+ It gets from the socket to the middle of the counter.
= 150 centimeters | a meter and a half
+ It stands on the island and the socket is on the wall.
+ There is plenty to wind up under the base.
@ lid | lid | lid hinge opening
? How does the lid open?
? Is the lid removable for cleaning?
? Can I (open the lid|lift the lid) with one hand?
? Is the opening under the lid wide enough for my hand?
?= Does it have {want} on top?
* Easy to fill thanks to {value}
: Filling is easy with {value}.
+ It (comes with|has) {value}.
+ The lid on top is {value}.
+ You fill it through {value}.
! it has {value}
! {value}, see the third picture
- The lid is (shiny|black|heavy).
- The lid of my biscuit tin squeaks more than this.
- With {other}, as on my aunt's model, I burned a finger.
- Put a lid on that debate, please.
- The lid shows drops after some days.
= a removable lid | a loose lid
+ You take the top off completely and wash it in the sink.
+ My whole hand goes in when the top is off.
= a hinged lid | a lid on a hinge
+ The top swings back but stays attached.
+ The flap on top folds back, you can't take it off.
= a push-button lid | a spring lid with a button
+ I press with my thumb and the top jumps up.
+ A click on the handle and it pops up, so my other hand stays free.
@ keep warm | function list | function warm hour | ordered
? Does it have a keep warm function?
? How long does the keep warm function (last|work)?
? Is there a keep warm function for a long (breakfast|evening)?
? Does the keep warm function last for a second cup?
?= Does the function keep it warm for {want}?
* Keep warm function: {value}
: Keep warm function for your second cup: {value}.
+ The keep warm function does {value}.
+ With the function it stays warm for {value}.
+ Warm water (ends|is over) after {value}, says the manual.
! {value}
! {value} with mine
- I keep warm feelings for my grandmother's copper kettle.
- I like the function keys of my computer better.
- My sister's keeps warm for {other}, she claims.
- The function of the red light is beyond me.
- It arrived on a warm day and the function test went well.
= zero minutes | exactly zero minutes
+ My second mug was cold already.
+ You have to boil again if you come late.
= 30 minutes | half an hour
+ My second mug was fine, the third was not.
+ Long enough for a second round after the eggs.
= 2 hours | two hours
+ I read the whole Sunday paper and still poured it hot.
+ Two films later I could make another pot without pressing anything.
"""

DOMAIN = Domain(
    name="Kettles",
    categories=("Kettles", "Electric Kettles"),
    thing="this kettle",
    titles=(
        "{brand} {model} Electric Kettle, {capacity}, {body material}",
        "{brand} Electric Kettle {model} with {temperature control}",
        "{model} by {brand}: Kettle ({capacity}, {lid}, {shut-off})",
        "{brand} {model} Water Kettle",
    ),
    prices=(14, 129),
    aspects=parse_aspects(_ASPECTS),
)
