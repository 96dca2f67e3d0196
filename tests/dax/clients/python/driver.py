"""Makes the calls of a file of steps through the DAX client for Python. Usage: driver.py URL STEPS; credentials from the
environment; prints a list of outcomes."""
import json
import pathlib
import sys

import botocore.session
from amazondax import AmazonDaxClient
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from steps import outcomes

client = AmazonDaxClient(botocore.session.get_session(), region_name="us-east-1", endpoint_url=sys.argv[1],
                         config=Config(retries={"max_attempts": 0}))
print(json.dumps(outcomes(client, json.loads(pathlib.Path(sys.argv[2]).read_text()))))
client.close()
