"""Item collections: what boto3 shows of their sizes. The limit of 10 GB: item_collection_test.cc."""


def make_table(client, name):
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "l")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        LocalSecondaryIndexes=[{"IndexName": "lsi", "Projection": {"ProjectionType": "ALL"},
                                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                              {"AttributeName": "l", "KeyType": "RANGE"}]}])
    return name


def test_every_write_shows_its_collection(server):
    client = server.client("dynamodb")
    table = make_table(client, "collections")
    size = {"ReturnItemCollectionMetrics": "SIZE"}
    item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "l": {"S": "x"}}
    key = {name: item[name] for name in ("pk", "sk")}
    metrics = {"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}
    assert client.put_item(TableName=table, Item=item, **size)["ItemCollectionMetrics"] == metrics
    assert client.update_item(TableName=table, Key=key, **size)["ItemCollectionMetrics"] == metrics
    assert client.delete_item(TableName=table, Key=key, **size)["ItemCollectionMetrics"] == metrics
    batch = {table: [{"PutRequest": {"Item": {**item, "sk": {"S": s}}}} for s in "123"]}
    assert client.batch_write_item(RequestItems=batch, **size)["ItemCollectionMetrics"] == {table: [metrics]}
    transaction = [{"Put": {"TableName": table, "Item": {**item, "sk": {"S": "4"}}}}]
    answer = client.transact_write_items(TransactItems=transaction, **size)
    assert answer["ItemCollectionMetrics"] == {table: [metrics]}
    assert "ItemCollectionMetrics" not in client.put_item(TableName=table, Item=item)
