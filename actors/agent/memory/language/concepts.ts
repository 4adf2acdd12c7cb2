/** Words that people use for the same part of life, group by group; recall looks among them for what was said in other words. */
import { rootsOf } from "./roots.ts";

/** One group a line. A word may stand in several; what is not a thing, a deed or a feeling stands in none. */
const GROUPS = `
mother mom mum mama mommy parent stepmother family
father dad papa daddy parent stepfather family
brother sister sibling twin stepbrother stepsister family
son daughter child kid toddler baby infant newborn teenager stepson family
husband wife spouse partner fiance fiancee married marriage boyfriend girlfriend family
wedding marry engaged engagement bride groom honeymoon proposal vows bridesmaid anniversary
divorce separated breakup ex split custody
grandmother grandma grandpa grandfather granny nana grandparent grandson granddaughter grandchild family
aunt uncle cousin nephew niece relative family kin
pregnant pregnancy birth expecting midwife due labour maternity newborn delivery
adopt adoption foster orphan guardian agency
friend buddy pal mate companion friendship roommate flatmate acquaintance
neighbour neighbor neighbourhood neighborhood block community local street
date dating crush romance flirt relationship love valentine
dog puppy hound retriever labrador poodle terrier spaniel beagle collie mutt leash kennel bark
cat kitten kitty feline tabby purr litter siamese tomcat
pet animal dog cat hamster rabbit parrot goldfish turtle tortoise guinea ferret gerbil vet
horse pony riding stable saddle equestrian mare gallop
bird parrot canary budgie owl eagle sparrow robin feeder pigeon heron
fish aquarium goldfish tank trout salmon angler
insect bee beehive beekeeper honey butterfly ant spider wasp
farm barn cow sheep goat chicken hen pig tractor harvest crop livestock
breakfast brunch cereal pancake oatmeal porridge toast granola waffle
lunch dinner supper meal eat dish buffet
cook cooking recipe kitchen chef oven stove fry roast grill simmer cuisine
bake baking cake bread cookie pastry dough flour muffin brownie pie croissant sourdough
dessert sweet chocolate candy pudding sugar caramel treat
fruit apple banana orange berry strawberry peach mango pear grape lemon cherry
vegetable carrot potato tomato onion spinach broccoli salad cabbage pepper cucumber
meat beef steak pork chicken lamb bacon sausage ham burger turkey
seafood fish shrimp prawn lobster crab oyster sushi squid mussel
pasta pizza spaghetti lasagna noodle ramen risotto ravioli
vegetarian vegan meatless diet tofu lentil
allergy allergic intolerance gluten lactose peanut celiac hives reaction
restaurant cafe diner bistro eatery bar pub menu waiter takeout takeaway
coffee espresso latte cappuccino caffeine barista tea brew
wine beer whisky whiskey cocktail vodka alcohol drink sober champagne brewery
job work employment career occupation profession position role employed living
boss manager supervisor colleague coworker team lead director
hire hired recruit interview resume application candidate offer vacancy
quit resign fired laid layoff redundant unemployed dismissed retire retirement
promotion promoted raise bonus salary wage pay income
office desk headquarters workplace commute remote cubicle
meeting deadline project schedule agenda presentation report client
business company startup firm enterprise shop store owner founder entrepreneur venture
shop store shopping buy bought purchase mall market grocery order
sell sold sale seller vendor auction discount bargain
school classroom pupil teacher class elementary kindergarten homework grade
university college campus degree major bachelor master doctorate phd graduate student professor thesis
study exam test course lecture learn revise tutor lesson
teach teacher instructor coach tutor mentor trainer professor
graduate graduation diploma ceremony degree alumni
science scientist research laboratory experiment physics chemistry biology
doctor physician nurse clinic hospital surgeon surgery patient appointment checkup ward
ill sick illness disease flu fever cold infection virus symptom unwell cough
injury injured hurt broken fracture sprain ankle knee wrist cast crutches wound
pain ache headache migraine sore backache cramp
medicine medication pill drug prescription tablet antibiotic dose inhaler insulin pharmacy
cancer tumor tumour chemo chemotherapy diagnosis diagnosed biopsy oncology
heart blood pressure cholesterol stroke cardiac pulse
diabetes diabetic insulin asthma epilepsy arthritis chronic condition
dentist tooth teeth braces cavity filling molar gum
eye glasses vision sight contact lens optician blind
ear hearing deaf
therapy therapist counselor counselling psychologist psychiatrist counseling session
depression depressed anxiety anxious panic burnout stress overwhelmed mental
sleep insomnia nap dream nightmare bed tired rest awake snore
diet weight calories healthy nutrition slim fasting
exercise workout gym fitness training weights lifting squat treadmill crossfit
run running jog jogging marathon race sprint runner
walk walking hike hiking trail trek stroll backpack summit
swim swimming pool dive diving snorkel lap
bike bicycle cycling cyclist ride pedal
yoga pilates meditation meditate mindfulness stretch breathing
football soccer goal striker league pitch
basketball hoop court nba dunk
tennis badminton squash racket pingpong
baseball softball cricket bat pitcher inning
golf hockey rugby volleyball boxing wrestling karate judo fencing
ski skiing snowboard slope skate skating sled
surf surfing surfboard wave paddle kayak canoe sail sailing rowing boat
climb climbing boulder mountain cliff mountaineer rappel
camp camping tent campfire campsite outdoors wilderness
fish fishing hunt hunting rod bait
sport athlete competition tournament match championship medal trophy
win won winner victory champion award prize trophy medal
lose lost loss defeat fail failed failure
team club squad league member captain
dance dancing ballet salsa tango choreography dancer
music song band album tune melody listen playlist genre jazz rock classical blues folk techno opera
sing singing singer choir vocal karaoke
guitar piano violin drum cello flute saxophone trumpet ukulele bass keyboard instrument
concert gig festival show live performance stage tour
opera symphony orchestra classical jazz rock
movie film cinema actor actress director screening documentary
television tv series show episode netflix season sitcom
theater theatre play stage musical drama audition
book novel read reading author library bookstore literature chapter
write writing writer poem poetry poet story blog journal diary essay publish
paint painting painter canvas watercolor draw drawing sketch artist art gallery
photo photograph photography camera picture portrait snapshot
pottery ceramic clay sculpture sculpt kiln
craft knit knitting sew sewing crochet quilt embroidery weave woodworking carpentry
hobby pastime interest leisure
museum exhibit exhibition gallery sculpture
game videogame console gaming gamer playstation nintendo xbox
chess puzzle cards poker boardgame crossword dice
collect collection stamp coin antique vintage
computer laptop desktop software hardware program programming code coding developer
phone smartphone mobile call text message
email mail letter address inbox post
internet online website app social media instagram facebook
robot engineer engineering machine build invent device
house home apartment flat condo cottage residence live
move moved relocate relocation moving settle transfer
rent landlord tenant lease mortgage
renovate renovation remodel repair fix paint redecorate
kitchen bathroom bedroom living garage basement attic
furniture sofa couch table chair shelf bed lamp
clean cleaning tidy laundry chore vacuum wash
garden gardening plant flower seed tomato rose tulip soil lawn
tree forest wood woods leaf oak pine
travel trip vacation holiday journey visit tour getaway abroad
fly flight plane airplane airport airline pilot
train railway station subway metro tram
car drive driving vehicle truck van suv driver license
accident crash collision wreck
bus taxi cab uber ferry
hotel hostel motel airbnb resort lodge
beach sea ocean coast shore island seaside
mountain hill valley peak alps
lake river waterfall canyon pond
city town village downtown suburb capital
country nation homeland abroad foreign hometown native birthplace
language spanish french german italian chinese japanese english speak fluent bilingual
weather rain snow storm sunny hurricane flood heatwave
spring summer autumn fall winter season
christmas thanksgiving easter halloween hanukkah ramadan eid diwali holiday
birthday party celebrate celebration anniversary gift cake
gift present surprise card souvenir
party gathering reunion barbecue picnic potluck feast
church temple mosque pray prayer faith religion religious god bible
volunteer charity donate donation fundraiser shelter nonprofit
help support aid assist encourage
community group meeting gathering pride activist activism rally protest campaign
money cash savings save budget afford expensive cost price fee
bank loan debt credit account invest investment stock
tax insurance bill invoice payment
lawyer court legal law judge lawsuit attorney trial
police crime thief stolen theft robbery burglar arrest
army military soldier navy veteran war
politics election vote government mayor president
happy glad joy joyful delighted cheerful thrilled excited pleased
sad unhappy upset grief heartbroken cry tears
angry mad furious annoyed irritated frustrated
afraid scared fear frightened terrified nervous worried phobia
proud pride accomplishment achievement achieve milestone
grateful thankful appreciate gratitude blessed
lonely alone isolated homesick
calm relax relaxing unwind peaceful peace destress soothe
love adore enjoy favorite favourite fond fan prefer
hate dislike detest loathe avoid
die died death passed funeral grief mourn
age old born birthday
dream goal plan hope aspiration ambition wish intend want
start begin began begun launch join
stop quit finish end
clothes clothing dress shirt jacket coat sweater jeans outfit wear fashion shoes boots
hair haircut hairstyle beard barber salon
jewelry necklace ring bracelet earring watch
tattoo piercing
color colour red blue green yellow purple pink
identity gender transgender lgbtq queer gay lesbian transition
race immigrant refugee heritage culture tradition ancestry
name nickname surname
key password code lock pin
lose lost found misplaced wallet
sunset sunrise sky star moon telescope astronomy space planet
environment climate recycling sustainable pollution solar
`;

/** The stems of each group, in the order they are written above. */
const groups: ReadonlyArray<ReadonlyArray<string>> = GROUPS.trim()
  .split("\n")
  .map((line) => [...new Set(line.split(" ").flatMap(rootsOf))]);

const others: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const found = new Map<string, Set<string>>();
  for (const group of groups)
    for (const stem of group) {
      const known = found.get(stem) ?? new Set();
      for (const other of group) if (other !== stem) known.add(other);
      found.set(stem, known);
    }
  return found;
})();

const none: ReadonlySet<string> = new Set();

/** The stems of the groups that a stem stands in, without itself. */
export const relatedTo = (stem: string): ReadonlySet<string> => others.get(stem) ?? none;

/** True for a stem of any group: an English word, spelt as it should be. */
export const isConcept = (stem: string): boolean => others.has(stem);
