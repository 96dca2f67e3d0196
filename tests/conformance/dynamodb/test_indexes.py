"""Global indexes of a live table: back-fill, also over kill -9, queries, removal."""
from conftest import wait_until


def test_index_is_filled_over_a_crash(own_server):
    client = own_server.client("dynamodb")
    client.create_table(TableName="live", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    for start in range(0, 500, 25):
        client.batch_write_item(RequestItems={"live": [
            {"PutRequest": {"Item": {"pk": {"S": str(i)}, "group": {"S": str(i % 5)}, "rank": {"N": str(i)}}}}
            for i in range(start, start + 25)]})
    client.update_table(
        TableName="live",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}, {"AttributeName": "rank", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-group", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}, {"AttributeName": "rank", "KeyType": "RANGE"}]}}])
    own_server.restart()
    client = own_server.client("dynamodb")

    def index():
        return client.describe_table(TableName="live")["Table"].get("GlobalSecondaryIndexes", [None])[0]

    wait_until(lambda: index()["IndexStatus"] == "ACTIVE", what="the index")
    pages = client.get_paginator("query").paginate(
        TableName="live", IndexName="by-group", KeyConditionExpression="#g = :g", ScanIndexForward=False,
        ExpressionAttributeNames={"#g": "group"}, ExpressionAttributeValues={":g": {"S": "3"}},
        PaginationConfig={"PageSize": 7})
    ranks = [int(item["rank"]["N"]) for page in pages for item in page["Items"]]
    assert ranks == list(range(498, 0, -5))
    client.update_table(TableName="live", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}])
    wait_until(lambda: index() is None, what="the index's end")
