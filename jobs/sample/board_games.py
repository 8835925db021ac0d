"""Board games for families and groups."""

from jobs.sample.content import Domain, parse_aspects

_ASPECTS = """
@ player count | player guide | player people group
? How many players can (join|take part)?
? What is the (best|right) number of players?
? Is it any good with our group of players?
? Do you need a certain number of players?
?= Is it made for {want} and does it work?
* For {value}
: The rules are written for {value}.
+ It is made for {value}.
+ The rules (say|call for) {value}, and that is right.
+ As a group you should be {value}.
+ We tried other numbers, but it works with {value}.
+ At the table you need {value}.
! {value}
! the box says {value}
- The players in our group meet on Thursdays.
- One player in our group is always late.
- A player in the shop praised another one for {other}.
- I watched players online before I ordered.
- Some players on the forum invent house rules.
= 2 players | two players
+ My wife and I play it each night, nobody else can join.
+ It is a pure duel.
= 2 to 4 players | two to four players
+ The four of us fit, my parents had to watch.
+ A couple can enjoy it, and so can a family with two kids.
= 4 to 8 players | four to eight players
+ We needed a second couple to even begin.
+ A whole dinner party can join in.
@ playing time | time track | time minute hour | ordered
? How much time does a game take?
? What is the real playing time?
? Do we have time to finish it in one (evening|lunch break)?
? How much time should we plan for (a|the first) game?
?= Does a game last {want}?
* Playing time: {value}
: A game has a playing time of {value}.
+ It takes a time of {value} (once you know the rules|with our group).
+ The playing time is {value}.
+ We finish in {value}, without rushing.
+ Plan a time of {value}.
+ My watch said {value} from the first move to the last.
! {value} for us
! more or less {value}
- I had a good time with the art on the box.
- It is time that someone prints a better rule book.
- The time of the sequel is {other}, but I do not own it.
- Shipping took a long time, every hour counts before a birthday.
- It took a minute until my daughter stopped laughing at the pieces.
= 20 minutes | twenty minutes
+ We fit three rounds into a lunch break.
= 60 minutes | one hour
+ Start after dinner and you are done before the news.
= 3 hours | three hours
+ It fills a whole evening, from dinner to midnight.
+ Cancel your plans, the afternoon is gone.
@ minimum age | age label | age kid child
? From what age can (kids|children) play?
? Is the age of (six|seven) too young for it?
? What age is it (really|actually) for?
? Will my kids understand it at their age?
?= Is it fine for a child of {want}?
* Recommended age: {value}
: The publisher recommends an age of {value}.
+ The right age is {value}.
+ As an age for children I would say {value}.
+ Go by an age of {value}.
+ At {value} they get it, younger ones do not.
! from {value}
! {value}, I teach them
- At that age my kids fought over the red pawns.
- This is the golden age of board games.
- The one from the same author for the age of {other} is prettier.
- My old age shows when I read tiny rules.
- At my age one forgets the rules.
= 4 years | four years
+ Even my preschooler wins, no reading needed.
= 8 years | eight years
+ My third grader plays it without help.
= 14 years | fourteen years
+ Too hard for anyone below high school, and the topic is grim.
+ My teenager liked it, her little brother was lost.
@ language | card stock | language text card
? Which language is on the cards?
? Is there (a lot of|any) text on the cards?
? Can friends read the cards who speak another language?
? What language are the cards printed in?
?= Are the cards printed with {want}?
* On the cards: {value}
: The cards come with {value}.
+ The cards are printed with {value}.
+ What you find on each card is {value}.
+ As for language, the cards show {value}.
! {value}
! the cards have {value}
- The cards are (thin|glossy|nicely drawn).
- My cousin collects cards from every language.
- In another edition there is {other} on each card.
- A business card of the author was in the box.
- I bought sleeves for every card.
= English words | English words only
+ Our guests from Lisbon needed a translator the whole evening.
+ You have to read a lot of English.
= symbols only | nothing but symbols
+ My grandmother does not read English and still won.
+ It is all pictures, so anyone on earth can join.
= five languages | five languages side by side
+ Our guests from Madrid and from Berlin could each read along.
+ You find Spanish, French, German and Italian beside English.
@ component material | spare piece | piece material token
? What are the pieces made of?
? Are the pieces (wood or plastic|made of cardboard)?
? What material are the pieces?
? Are the pieces sturdy enough for (kids|a school)?
?= Are the pieces made of {want}?
* Pieces made of {value}
: All pieces are made of {value}.
+ The pieces are (all|really) {value}.
+ Each piece is made from {value}.
+ They used {value} for each token.
+ In the box you find {value} and nothing else.
! {value}
! all {value}
- One piece was missing and they sent it fast.
- The pieces are (red|small|cute).
- The old edition had pieces of {other}, collectors love it.
- I would like a bag for the pieces.
- A piece of cake is the best company for such an evening.
= painted wood | wood with paint
+ It feels like the toys I had as a boy, cut from real trees.
+ The little houses are carved and have a grain.
= thick cardboard | thick sturdy cardboard
+ You have to punch everything out of paper frames.
+ Paper discs instead of anything solid, wet fingers ruin them.
= moulded plastic | solid moulded plastic
+ The tiny figures bend a little and can be washed.
+ Shiny figures like from a bubble gum machine.
@ solo mode | mode list | solo alone mode
? Is there a mode to play it (alone|by myself)?
? Does it have a solo mode?
? Is the solo mode any good?
? Is there a mode for a single person?
?= Is there {want} in it?
* Playing alone: {value}
: Playing alone: {value}.
+ As a mode for playing alone there is {value}.
+ In the list of modes you find {value}.
+ As a solo fan you get {value}.
! there is {value}
! {value}
- My phone was in silent mode when the parcel came.
- I am in holiday mode, so this review is short.
- Other titles on my shelf have {other} among their modes.
- The easy mode of transport for it is a car.
- My wife does not like me in hobby mode.
= no solo mode | no solo mode at all
+ You always need somebody across the table.
+ Without a partner it stays in the cupboard.
+ I tried to steer both sides myself and it fell apart.
= an official solo mode | a full solo mode
+ I play against a deck of robot cards when my family sleeps.
+ On lonely evenings I chase my own high score by the last page of the rules.
+ No partner needed, there are ten puzzles for one.
= a solo variant by fans | a fan made solo variant
+ A clever person wrote extra rules for one and shares them on a forum.
+ Print two pages from the web and you need no partner.
+ The makers forgot single people, but the community did not.
@ expansions | expansion leaflet | expansion extra
? Are there any expansions (for it|yet)?
? Is this the base game or an expansion?
? Do I need an expansion to enjoy it?
? How many expansions can I add?
?= Does it have {want}?
* Expansions: {value}
: Expansions so far: {value}.
+ As for expansions, there is {value}.
+ You can get {value}, I asked the shop.
+ By way of expansion there is {value}.
! {value}
! there is {value}
- I would pay extra for an expansion of my shelf.
- That other series has {other}, a money pit.
- The word expansion is misused by every publisher today.
- An expansion of the delivery network would be nice.
- My belly needs no expansion, yet we always eat while playing.
= no expansion | no expansion at all
+ What is in this box is all there will ever be.
+ It stands alone, the publisher closed that chapter.
+ Nothing more came out for it.
= one expansion | a single expansion
+ A second box with new maps came out last spring.
+ There is one more box you can put on top, we have both.
+ After twenty rounds we bought the other box with the ships.
= five expansions | five expansions already
+ I own the base and four more boxes, and one is still missing.
+ You can spend a fortune on new boxes each year.
+ My shelf bends under all the boxes that came out later.
@ box size | box | box shelf size
? How big is the box?
? What size is the box, does it fit on a (standard|narrow) shelf?
? Can I take the box along on a (trip|flight)?
? Is the box (small enough|okay) for a suitcase?
?= Is it sold in {want}?
* Comes in {value}
: It comes in {value}.
+ It comes in {value}.
+ As a box you get {value}, so plan your shelf.
+ The whole thing is packed in {value}.
! {value}
! it is {value}
- The box was open and the foil was torn.
- I like the painting on the box.
- The first edition had {other}, people on the forum say.
- My box of games is full, because I buy too many.
- The box has a matte finish.
= a pocket box | a tiny pocket box
+ It goes along in my jacket on each flight.
+ No bigger than a pack of cigarettes.
= a standard square box | a square box of standard size
+ It lines up with all the usual ones in my cupboard.
+ About a foot on each side, like most of them.
= an oversized box | a huge oversized box
+ I had to clear the top of the wardrobe for it.
+ It weighs more than my dog and looks like a coffin.
"""

DOMAIN = Domain(
    name="Board Games",
    categories=("Board Games", "Toys & Games"),
    thing="this game",
    titles=(
        "{brand} {model} Board Game for {player count}, {playing time}",
        "{brand} {model} Strategy Game ({component material})",
        "{model} by {brand}: Family Game, {player count}, {minimum age}",
        "{brand} {model} Board Game",
    ),
    prices=(12, 119),
    aspects=parse_aspects(_ASPECTS),
)
