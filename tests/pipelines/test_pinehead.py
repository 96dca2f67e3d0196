"""The application of examples/pinehead: exactly the right page whatever happens."""
import html
import json
import os
import random
import re
import signal
import sys
import threading
import time

import pytest

from conftest import FUNCTIONS, ROOT, send_all, wait_until

sys.path.insert(0, str(ROOT / "examples/pinehead"))
BUCKET = "pinehead-leaderboard"


@pytest.fixture
def shop(own_server, monkeypatch):
    """The deployed application: (server, what deploy.py returned)."""
    from deploy import Deployment
    monkeypatch.setenv("AWS_ENDPOINT_URL", own_server.endpoint)
    return own_server, Deployment(own_server.session(), FUNCTIONS, BUCKET).deploy()


def rows_on_page(server):
    status, _, body = server.website(BUCKET)
    if status != 200:
        return []
    return [(html.unescape(album), html.unescape(artist), int(n))
            for album, artist, n in re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(\d+)</td></tr>", body)]


def function_processes(server):
    """The processes of function environments below the server (named bootstrap inside them)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/stat") as stat:
                if comm.read().strip() == "bootstrap" and descends_from(int(stat.read().rsplit(")", 1)[1].split()[1]),
                                                                       server.process.pid):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def descends_from(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        with open(f"/proc/{pid}/stat") as stat:
            pid = int(stat.read().rsplit(")", 1)[1].split()[1])
    return False


@pytest.mark.timeout(300)
def test_page_equals_the_right_leaderboard(shop, orders, leaderboard):
    server, deployed = shop
    send_all(server.client("sqs"), deployed["queue_url"], orders)
    wait_until(lambda: rows_on_page(server) == leaderboard, 120, "the right page")
    _, headers, _ = server.website(BUCKET)
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.timeout(400)
def test_page_is_right_with_duplicates_crashing_functions_and_a_killed_server(shop, orders, leaderboard):
    """Every message twice, in random order; function processes killed at random; the server killed
    with -9 in the middle and restarted: the page still equals the right leaderboard, and stays so."""
    server, deployed = shop
    shuffler = random.Random(11)
    twice = orders + orders
    shuffler.shuffle(twice)
    third = len(twice) // 3
    stop = threading.Event()
    killed = []

    def crash_functions():
        while not stop.wait(0.2):
            processes = function_processes(server)
            if processes:
                victim = shuffler.choice(processes)
                try:
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)
                except ProcessLookupError:
                    pass

    # So that what crashed invocations held comes back soon; what waits for it is redelivery, not 60 s.
    server.client("sqs").set_queue_attributes(QueueUrl=deployed["queue_url"], Attributes={"VisibilityTimeout": "11"})
    server.client("sqs").set_queue_attributes(QueueUrl=deployed["queue_url"], Attributes={"RedrivePolicy": ""})
    crasher = threading.Thread(target=crash_functions)
    crasher.start()
    try:
        send_all(server.client("sqs"), deployed["queue_url"], twice[:third])
        server.restart()
        send_all(server.client("sqs"), deployed["queue_url"], twice[third:2 * third])
        time.sleep(1)
        server.restart()
        send_all(server.client("sqs"), deployed["queue_url"], twice[2 * third:])
        time.sleep(5)
    finally:
        stop.set()
        crasher.join()
    assert killed
    wait_until(lambda: rows_on_page(server) == leaderboard, 200, "the right page")


@pytest.mark.timeout(200)
def test_what_is_no_order_ends_in_the_dead_letter_queue(shop, orders):
    server, deployed = shop
    sqs = server.client("sqs")
    sqs.set_queue_attributes(QueueUrl=deployed["queue_url"], Attributes={
        "VisibilityTimeout": "11", "RedrivePolicy": json.dumps({
            "deadLetterTargetArn": sqs.get_queue_attributes(
                QueueUrl=deployed["dead_letter_queue_url"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"],
            "maxReceiveCount": 1})})
    send_all(sqs, deployed["queue_url"], ["no order", *orders[:9]])
    message = wait_until(lambda: sqs.receive_message(QueueUrl=deployed["dead_letter_queue_url"], WaitTimeSeconds=2)
                         .get("Messages"), 60, "the dead letter")
    assert message[0]["Body"] == "no order"
    wait_until(lambda: sum(n for _, _, n in rows_on_page(server)) == 9, 60, "the page")


@pytest.mark.timeout(120)
def test_changes_and_removals_are_not_sales_and_markup_is_text(shop):
    server, deployed = shop
    dynamodb = server.client("dynamodb")

    def put(order_id, title):
        dynamodb.put_item(TableName="orders", Item={
            "id": {"S": order_id}, "album": {"M": {"title": {"S": title}, "artist_name": {"S": "A&B"}}}})

    put("1", "<script>1</script>")
    put("2", "kept")
    dynamodb.update_item(TableName="orders", Key={"id": {"S": "1"}}, UpdateExpression="SET shipped = :t",
                         ExpressionAttributeValues={":t": {"BOOL": True}})
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "2"}})
    put("3", "last")
    expected = [("<script>1</script>", "A&B", 1), ("kept", "A&B", 1), ("last", "A&B", 1)]
    wait_until(lambda: rows_on_page(server) == expected, 60, "the page")
    assert "<script>1" not in server.website(BUCKET)[2]
