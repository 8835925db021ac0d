"""Backpacks for school, work and hikes."""

from jobs.sample.content import Domain, parse_aspects

_ASPECTS = """
@ volume | inner space | space volume capacity | ordered
? How much space (is inside|does it have)?
? What is the volume of the space inside?
? Is there enough space for a (weekend trip|week of clothes)?
? How much space do I get for a (trip|hike)?
?= Does it have a volume of (at least|a good) {want}?
* Roomy volume of {value}
: The main compartment and the front add up to {value}.
+ The volume is {value} (in total|with everything counted).
+ The space inside comes to {value}.
+ You have {value} of space.
+ It swallows {value} before the seams protest.
+ The tag inside says {value}.
! {value} according to the tag
! it is {value}
- The shop wastes a lot of space on huge boxes.
- My hiking pack has a space of {other}, that is another world.
- There is no space left in our hall anyway.
- Please leave more space for comments in the survey.
- Our attic has more space than I have things.
= 15 liters | fifteen liters
+ A lunch box and a sweater, then it is stuffed.
= 25 liters | twenty-five liters
+ My gym clothes, books and lunch go in together.
= 40 liters | forty liters
+ I packed for a whole week and could still close it.
+ It carried everything for five days of hiking.
@ laptop size | laptop compartment | laptop compartment sleeve | ordered
? What size of laptop (fits|goes) in it?
? How big a machine does the laptop compartment take?
? How big is the laptop sleeve?
? Will my work laptop fit in the sleeve?
?= Does the laptop compartment take a {want} machine?
* Padded laptop compartment for up to {value}
: A padded sleeve protects a laptop of {value}.
+ The laptop compartment takes up to {value}.
+ The laptop sleeve is made for {value} and not a bit more.
+ My {value} laptop slides right in.
+ A laptop of {value} is the limit.
! up to {value}
! my {value} one fits
- I write this review on my laptop in a train.
- The laptop compartment smells (of glue|a bit strange).
- In my last bag the laptop sleeve was for {other}.
- The compartment for the laptop is (blue|lined|stitched neatly) inside.
- I left my laptop at home when I tried it on.
= 11 inches | eleven inches
+ Only my tiny netbook goes in, the office machine stays out.
+ A tablet is fine, a grown up computer is not.
= 15.6 inches | fifteen point six inches
+ The usual office computer goes in with its charger.
+ My daughter's school computer fits and has a little room to move.
= 17 inches | seventeen inches
+ Even my huge gaming machine disappears in it.
+ The biggest computer in our office went in without force.
@ water protection | rain label | rain water cover | ordered
? Is it (safe|fine) in the rain?
? Will my books stay dry in heavy rain?
? Does it come with a rain cover?
? How does it handle rain and water?
?= Does it offer {want} against water?
* Water protection: {value}
: Against rain it offers {value}.
+ Against rain you get {value}.
+ When the rain comes, you have {value}.
+ The makers gave it {value}, and the sky tested it.
! {value}, I tried it
! it has {value}
- The rain in our valley never stops in November.
- My water bottle at the office is bigger than my head.
- My brother bought the one with {other} against rain.
- I like to read when rain falls outside.
- The parcel stood in the rain, the driver was sorry.
= no protection | no protection at all
+ My notes were soaked after ten minutes outside.
+ Put your things in plastic bags, a cloud is enough to ruin them.
+ The fabric drinks everything like a sponge.
= a coated fabric | a coating on the fabric
+ Drops roll off for a while, but a storm got through.
+ It is fine for the walk to the bus in a drizzle.
= a separate rain cover | a pull-over rain cover
+ There is a yellow hood in the bottom that you pull over it.
+ You pull a bright hood over everything and it stays dry.
= sealed seams | welded and sealed seams
+ I fell into a river with it and the phone inside was dry.
+ It floated in the lake and nothing inside got wet.
@ straps | shoulder strap | strap shoulder belt
? How (comfortable|wide) are the shoulder straps?
? Is there a strap for the (chest|hip)?
? What kind of straps does it have?
? Is there a strap or belt to help the shoulders?
?= Is it made with {want}?
* Comfortable on long days: {value}
: You carry it with {value}.
+ It is carried with {value}.
+ Where others save on a strap, they gave it {value}.
+ On your shoulder you have {value}.
! it has {value}
! there are {value}
- One strap was twisted when I unpacked it.
- The straps are (grey|long|easy to clean).
- I can't stand {other}, and my former bag had that on each strap.
- The strap of my watch has the same colour.
- A strap of my sandals tore on the same day.
= two thin straps | two thin bands
+ It cuts into you after half an hour.
+ Narrow like on a gym bag, so do not load it with books.
= padded straps | two padded straps
+ Soft as a cushion where it sits on you.
+ I carried it all day and felt no pressure marks.
= a chest and hip belt | a belt for chest and hip
+ Most of the load sits on my hips once I buckle it.
+ You can buckle it in front and at the waist.
@ weight | weight label | weight gram scale
? What weight does it have when it is empty?
? What is the weight without anything in it?
? Is the weight fine for a (child|small person)?
? How much weight does it add to my luggage?
?= Is the weight about {want}?
* Empty weight: {value}
: Its empty weight is {value}.
+ The weight is {value} (without anything in it|when empty).
+ Empty, its weight on the scale is {value}.
+ I hung it on the luggage scale and read {value}.
! {value} without anything
! mine is {value}
- The weight of my books is not the fault of the maker.
- The one from the outdoor shop has a weight of {other}.
- I lost some weight by walking to work.
- The post office got the weight of the parcel wrong.
- Put the weight close to your back, a trainer told me.
= 400 grams | about 400 grams
+ You hardly notice it is there, it folds into a fist.
+ Light as a shirt.
= 900 grams | about 900 grams
+ Neither a feather nor a burden before you fill it.
+ About as heavy as a carton of milk, before you put anything in it.
= 1600 grams | about 1600 grams
+ It is heavy before you have put a single thing in.
+ Airlines will complain, because it is a tank without any content.
@ pockets | front pocket | pocket compartment bottle | ordered
? How many pockets does it have?
? Is there a pocket for a (bottle|phone)?
? How many pockets are there (inside|in total)?
? Are there enough pockets to (sort|organise) my things?
?= Does it have {want}?
* Stay organised with {value}
: Keys, pens and cards find their place in {value}.
+ It has {value}, I counted.
+ Inside and outside I found {value}.
+ All in all there are {value}, if you count every pocket.
! {value}
! I count {value}
- The front pocket has a funny logo on it.
- A bottle of sunscreen leaked into my coat pocket.
- With {other} in my former bag I always lost my keys.
- A hidden pocket was full of packing paper.
- I paid out of my own pocket, no free sample.
= 2 pockets | two pockets
+ One big hole and a small one in front, nothing else.
+ There is hardly any place to put small things apart.
+ Everything flies around because there is hardly any division.
= 6 pockets | six pockets
+ Half a dozen places to put small things.
+ Keys, phone, drink and pens each get a place of their own.
= 14 pockets | fourteen pockets
+ I need a map to find my keys among all the little bags.
+ There is a slot for each tiny thing you own, more than a dozen.
@ material | material label | material fabric
? What (material|fabric) is it made of?
? Is the material strong enough for (daily use|school)?
? Is the material (real canvas|synthetic)?
? Which material is used on the outside?
?= Is the material {want}?
* Durable material: {value}
: The outer fabric is {value}.
+ The material is {value}.
+ The outside is all {value}.
+ As material they chose {value}.
+ According to the label it is {value}.
! {value}
! it is {value}
- The colour of the material is nicer next door.
- I wrote a school essay with too much material.
- {other} is a material I had before, never again.
- The material smells (a bit|strongly|less now).
- The material matches my coat.
= recycled polyester | polyester from bottles
+ It was a pile of old bottles once, says the label.
+ Thin and smooth, it rustles like a rain jacket.
= waxed canvas | canvas with wax
+ Thick cotton like an old tent, with a greasy touch.
+ It gets a patina and has to be rubbed with wax each spring.
= ballistic nylon | heavy nylon
+ You can drag it over concrete, they use the stuff in vests.
+ My cat's claws left no mark on the tough synthetic weave.
@ back panel | back panel | back panel air
? Does the back panel (get sweaty|stay dry)?
? What kind of back panel does it have?
? Is there air between the bag and my back?
? Is the back panel (stiff|padded|soft)?
?= Does it come with {want}?
* Behind you: {value}
: Your back rests on {value}.
+ Your back rests on {value}.
+ The back panel (consists of|is) {value}.
+ As a back panel it has {value}.
+ On the side that touches you they used {value}.
! it is {value}
! {value} on mine
- I sent it back once and they replaced it.
- The control panel of their shop is confusing.
- Friends of mine prefer {other} as a back panel.
- Back in school we had nothing like it.
- The back of the box smelled of rubber.
= a mesh panel | a stretched mesh panel
+ Wind blows through between it and my shirt.
+ A net keeps the bag away from you, so no sweat.
= a foam panel | a thick foam panel
+ Soft and cosy, but my shirt was wet after the hike.
+ It hugs you like a mattress, no breeze though.
= a plain sheet | a plain sheet of fabric
+ You feel each book in your spine, nothing is padded there.
+ Nothing but cloth between your spine and your books.
"""

DOMAIN = Domain(
    name="Backpacks",
    categories=("Backpacks", "Luggage", "Everyday Backpacks"),
    thing="this backpack",
    titles=(
        "{brand} {model} Backpack {volume} with {pockets}",
        "{brand} {model} Laptop Backpack, {laptop size}, {material}",
        "{model} by {brand}: Daypack ({volume}, {straps})",
        "{brand} {model} Rucksack",
    ),
    prices=(17, 189),
    aspects=parse_aspects(_ASPECTS),
)
