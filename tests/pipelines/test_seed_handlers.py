"""The notes' two Python handlers, unmodified, with boto3 and the notes' two policies.

They behave as they would on AWS, faults included; each fault that a test shows is in its name.
"""
import json
import time

import pytest

from conftest import ACCOUNT, REGION, SHARED, scan_all, send_all, wait_until
from zips import zip_of

SEED = SHARED / "seed"
WRITER_TIMEOUT_SECONDS = 10


def seed_policy(name):
    return json.loads((SEED / name).read_text())["Statement"]


def create_function(server, name, handler_file, role, environment, timeout):
    awslambda = server.client("lambda")
    awslambda.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler=f"{handler_file.removesuffix('.py')}.lambda_handler",
        Code={"ZipFile": zip_of({handler_file: (SEED / handler_file).read_text()})},
        Timeout=timeout, MemorySize=256, Environment={"Variables": environment})
    awslambda.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def create_orders_table(server, **arguments):
    dynamodb = server.client("dynamodb")
    answer = dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **arguments)
    dynamodb.get_waiter("table_exists").wait(TableName="orders", WaiterConfig={"Delay": 1})
    return answer["TableDescription"]


@pytest.fixture
def writer(own_server):
    """The Orders queue with the seed's writer on it; yields (server, queue url, mapping uuid)."""
    create_orders_table(own_server)
    sqs = own_server.client("sqs")
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": str(WRITER_TIMEOUT_SECONDS)})["QueueUrl"]
    role = own_server.role("writer", *seed_policy("lambda_sqs_policy.json"))
    create_function(own_server, "writer", "write_buffer_handler.py", role,
                    {"QUEUE_NAME": "orders", "DYNAMODB_TABLE": "orders"}, WRITER_TIMEOUT_SECONDS)
    uuid = own_server.client("lambda").create_event_source_mapping(
        FunctionName="writer", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", BatchSize=10)["UUID"]
    return own_server, url, uuid


def backlog(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    return sum(int(n) for n in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())


@pytest.mark.timeout(300)
def test_writer_moves_every_order(writer, orders):
    """Table and queue together always hold every order; with the mapping off, a direct call or two
    (each polls the queue until its timeout) brings the rest into the table."""
    server, url, uuid = writer
    sqs, dynamodb, awslambda = server.client("sqs"), server.client("dynamodb"), server.client("lambda")
    send_all(sqs, url, orders)
    deadline = time.monotonic() + 60
    stored = 0
    while time.monotonic() < deadline and stored < len(orders):
        waiting = backlog(sqs, url)  # first: an order leaves the queue only after it is in the table
        stored = len(scan_all(dynamodb, "orders", ProjectionExpression="id"))
        assert stored + waiting >= len(orders)
        time.sleep(0.5)
    awslambda.update_event_source_mapping(UUID=uuid, Enabled=False)
    wait_until(lambda: awslambda.get_event_source_mapping(UUID=uuid)["State"] == "Disabled", 60, "disabling")
    for _ in range(4):
        if len(scan_all(dynamodb, "orders", ProjectionExpression="id")) == len(orders):
            break
        time.sleep(WRITER_TIMEOUT_SECONDS)  # what the last batches hold becomes visible
        answer = awslambda.invoke(FunctionName="writer", Payload=json.dumps({"Records": []}))
        assert answer["FunctionError"] == "Unhandled"
        assert "Task timed out after 10.00 seconds" in json.load(answer["Payload"])["errorMessage"]
    items = scan_all(dynamodb, "orders")
    assert {item["id"]["S"] for item in items} == {json.loads(order)["id"] for order in orders}
    by_id = {item["id"]["S"]: item for item in items}
    first = json.loads(orders[0])
    assert by_id[first["id"]]["unit_price"] == {"N": "0.99"}
    assert by_id[first["id"]]["album"]["M"]["title"] == {"S": first["album"]["title"]}


@pytest.mark.timeout(120)
def test_writer_fault_every_invocation_ends_by_timeout_and_its_batch_comes_back(writer, orders):
    """It never returns, so the delivered batch is neither deleted nor written by its own invocation;
    the log has the timeout and the message's receive count grows."""
    server, url, _ = writer
    sqs, logs = server.client("sqs"), server.client("logs")
    send_all(sqs, url, orders[:1])

    def timed_out():
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/writer")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return any("Task timed out after 10.00 seconds" in event["message"] for event in events)

    wait_until(timed_out, 60, "a timeout in the log")


LEADERBOARD_POLICY = [
    {"Effect": "Allow", "Action": ["dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:Scan"],
     "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders_leaderboard"},
    {"Effect": "Allow", "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
                                   "dynamodb:ListStreams"],
     "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/*"},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::example-bucket/*"},
]


@pytest.fixture
def board(own_server):
    """The orders table with the seed's leaderboard function on its stream and the seed's bucket policy."""
    stream = create_orders_table(own_server, StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["LatestStreamArn"]
    dynamodb, s3 = own_server.client("dynamodb"), own_server.client("s3")
    dynamodb.create_table(
        TableName="orders_leaderboard", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "album", "KeyType": "HASH"}, {"AttributeName": "artist", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "album", "AttributeType": "S"},
                              {"AttributeName": "artist", "AttributeType": "S"}])
    dynamodb.get_waiter("table_exists").wait(TableName="orders_leaderboard", WaiterConfig={"Delay": 1})
    s3.create_bucket(Bucket="example-bucket")
    s3.put_bucket_website(Bucket="example-bucket", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.delete_public_access_block(Bucket="example-bucket")
    s3.put_bucket_policy(Bucket="example-bucket", Policy=(SEED / "public_read_bucket_policy.json").read_text())
    role = own_server.role("board", *LEADERBOARD_POLICY, *seed_policy("lambda_sqs_policy.json")[:1])
    create_function(own_server, "board", "leaderboard_handler.py", role, {"BUCKET": "example-bucket"}, 60)
    own_server.client("lambda").create_event_source_mapping(
        FunctionName="board", EventSourceArn=stream, StartingPosition="TRIM_HORIZON", BatchSize=500)
    return own_server


def counts(dynamodb):
    return {(item["album"]["S"], item["artist"]["S"]): int(item["order_count"]["N"])
            for item in scan_all(dynamodb, "orders_leaderboard")}


def put_order(dynamodb, order):
    dynamodb.put_item(TableName="orders", Item={
        "id": {"S": order["id"]},
        "album": {"M": {"title": {"S": order["album"]["title"]}, "artist_name": {"S": order["album"]["artist_name"]}}}})


@pytest.mark.timeout(300)
def test_leaderboard_counts_every_order_and_anyone_can_read_the_page(board, orders, leaderboard):
    """Without a failure the seed's function counts right: all 2,240 orders are on the public page."""
    dynamodb = board.client("dynamodb")
    for order in orders:
        put_order(dynamodb, json.loads(order))
    wait_until(lambda: sum(counts(dynamodb).values()) >= len(orders), 120, "counting")
    assert counts(dynamodb) == {(album, artist): n for album, artist, n in leaderboard}

    def page_is_complete():
        status, headers, body = board.website("example-bucket")
        return status == 200 and headers["Content-Type"] == "text/html" and body.count("<tr>") == len(leaderboard) + 1

    wait_until(page_is_complete, 60, "the page")


@pytest.mark.timeout(120)
def test_leaderboard_fault_modify_counts_as_a_sale(board, orders):
    dynamodb = board.client("dynamodb")
    order = json.loads(orders[0])
    put_order(dynamodb, order)
    dynamodb.update_item(TableName="orders", Key={"id": {"S": order["id"]}}, UpdateExpression="SET shipped = :t",
                         ExpressionAttributeValues={":t": {"BOOL": True}})
    wait_until(lambda: sum(counts(dynamodb).values()) == 2, 60, "counting the change as a second sale")


@pytest.mark.timeout(120)
def test_leaderboard_fault_remove_blocks_the_shard(board, orders):
    """A REMOVE has no NewImage: TypeError, retried for ever; what comes behind it is never counted."""
    dynamodb, logs = board.client("dynamodb"), board.client("logs")
    first, second = json.loads(orders[0]), json.loads(orders[1])
    put_order(dynamodb, first)
    wait_until(lambda: sum(counts(dynamodb).values()) == 1, 60, "counting")
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": first["id"]}})

    def failures():
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/board")["events"]
        except logs.exceptions.ResourceNotFoundException:  # the count is seen before the log is
            return 0
        return sum("TypeError: 'NoneType' object is not iterable" in event["message"] for event in events)

    wait_until(lambda: failures() >= 1, 60, "the failure")
    put_order(dynamodb, second)
    wait_until(lambda: failures() >= 3, 60, "retries")
    assert sum(counts(dynamodb).values()) == 1


@pytest.mark.timeout(120)
def test_leaderboard_fault_title_is_not_escaped(board):
    dynamodb = board.client("dynamodb")
    put_order(dynamodb, {"id": "x", "album": {"title": "<script>1</script>", "artist_name": "a"}})
    wait_until(lambda: "<script>1</script>" in board.website("example-bucket")[2], 60, "the page")
