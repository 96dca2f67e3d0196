"""An endless supply of made-up orders, in the shape that the functions read."""
import random
import uuid

ARTISTS = {
    "The Millrace Quartet": ["Head of Water", "Tail Race", "Wheel & Weir"],
    "Ada and the Tables": ["Composite Keys", "Read Your Writes"],
    "Visibility Timeout": ["Back in the Queue", "At Least Once", "Dead Letters"],
    "Sorté Bÿté": ["Ordre Lexicographique", "Clé de Tri"],
    "The <Escapes>": ["Less Than & Greater Than", "\"Quoted\""],
    "Group Commit": ["One Flush for All", "Durable"],
    "Long Poll": ["Twenty Seconds", "Still Waiting"],
}


def order():
    artist = random.choice(list(ARTISTS))
    return {
        "id": str(uuid.uuid4()),
        "customer_id": str(random.randint(1, 60)),
        "album": {"title": random.choice(ARTISTS[artist]), "artist_name": artist},
        "quantity": 1,
        "unit_price": random.choice([0.99, 1.29, 9.99]),
    }
