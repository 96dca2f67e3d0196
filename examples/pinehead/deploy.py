"""Deploys the order pipeline through the public API: the same calls work on Millrace and on AWS.

Usage: deploy.py --functions FOLDER [--bucket NAME]      (FOLDER holds order_writer.zip and the others)

Endpoint, region and credentials come from the SDK's usual environment variables. Running it again
updates what is there and keeps all data.
"""
import argparse
import json
import pathlib

import boto3

PREFIX = "pinehead"
FUNCTION_TIMEOUT_SECONDS = 10
# AWS's advice for queues that trigger functions: six times the function's timeout.
VISIBILITY_TIMEOUT_SECONDS = 6 * FUNCTION_TIMEOUT_SECONDS
RECEIVES_MAX = 5


class Deployment:
    def __init__(self, session, functions, bucket):
        self.functions = pathlib.Path(functions)
        self.bucket = bucket
        self.dynamodb = session.client("dynamodb")
        self.sqs = session.client("sqs")
        self.awslambda = session.client("lambda")
        self.s3 = session.client("s3")
        self.iam = session.client("iam")
        self.region = session.region_name
        self.account = session.client("sts").get_caller_identity()["Account"]

    def deploy(self):
        orders_stream = self.table("orders", [("id", "HASH")], stream=True)
        leaderboard_stream = self.table("orders_leaderboard", [("album", "HASH"), ("artist", "RANGE")], stream=True)
        self.table("orders_counted", [("id", "HASH")], ttl="expires_at")
        dead_letters = self.queue("orders-dlq", {})
        queue = self.queue("orders", {
            "VisibilityTimeout": str(VISIBILITY_TIMEOUT_SECONDS),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_letters["arn"], "maxReceiveCount": RECEIVES_MAX}),
        })
        self.website()

        self.function("order_writer", {"ORDERS_TABLE": "orders"}, [
            allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue["arn"]),
            allow(["dynamodb:PutItem"], self.table_arn("orders")),
        ])
        self.mapping("order_writer", queue["arn"], BatchSize=10)
        self.function("leaderboard_counter",
                      {"LEADERBOARD_TABLE": "orders_leaderboard", "COUNTED_TABLE": "orders_counted"}, [
                          read_stream(orders_stream),
                          allow(["dynamodb:PutItem"], self.table_arn("orders_counted")),
                          allow(["dynamodb:UpdateItem"], self.table_arn("orders_leaderboard")),
                      ])
        self.mapping("leaderboard_counter", orders_stream, BatchSize=100, StartingPosition="TRIM_HORIZON")
        self.function("leaderboard_publisher", {"LEADERBOARD_TABLE": "orders_leaderboard", "BUCKET": self.bucket}, [
            read_stream(leaderboard_stream),
            allow(["dynamodb:Scan"], self.table_arn("orders_leaderboard")),
            allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{self.bucket}/index.html"),
            # So that a missing page is told apart from a forbidden one.
            allow(["s3:ListBucket"], f"arn:aws:s3:::{self.bucket}"),
        ])
        self.mapping("leaderboard_publisher", leaderboard_stream, BatchSize=1000, StartingPosition="TRIM_HORIZON")
        return {"queue_url": queue["url"], "dead_letter_queue_url": dead_letters["url"], "bucket": self.bucket,
                "orders_table": "orders", "leaderboard_table": "orders_leaderboard"}

    def table_arn(self, name):
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{name}"

    def table(self, name, keys, stream=False, ttl=None):
        specification = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        }
        if stream:
            specification["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        try:
            self.dynamodb.create_table(**specification)
        except self.dynamodb.exceptions.ResourceInUseException:
            pass
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        if ttl:
            state = self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
            if state not in ("ENABLED", "ENABLING"):
                self.dynamodb.update_time_to_live(
                    TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl})
        return self.dynamodb.describe_table(TableName=name)["Table"].get("LatestStreamArn")

    def queue(self, name, attributes):
        try:
            url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
            if attributes:
                self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        except self.sqs.exceptions.QueueDoesNotExist:
            url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return {"url": url, "arn": arn}

    def website(self):
        buckets = {bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]}
        if self.bucket not in buckets:
            location = {} if self.region == "us-east-1" else {
                "CreateBucketConfiguration": {"LocationConstraint": self.region}}
            self.s3.create_bucket(Bucket=self.bucket, **location)
        self.s3.put_bucket_website(Bucket=self.bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        # Only a policy makes the site public, never an ACL.
        self.s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False})
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Sid": "PublicReadForGetBucketObjects", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{self.bucket}/*"]}]}))

    def function(self, name, environment, statements):
        function = f"{PREFIX}_{name}"
        role = f"{PREFIX}-{name.replace('_', '-')}"
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        try:
            self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        except self.iam.exceptions.EntityAlreadyExistsException:
            pass
        logs = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:*:*:*")
        self.iam.put_role_policy(RoleName=role, PolicyName="function", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [*statements, logs]}))
        role_arn = self.iam.get_role(RoleName=role)["Role"]["Arn"]
        code = (self.functions / f"{name}.zip").read_bytes()
        settings = {"Role": role_arn, "Timeout": FUNCTION_TIMEOUT_SECONDS, "MemorySize": 128,
                    "Environment": {"Variables": environment}}
        try:
            self.awslambda.get_function(FunctionName=function)
            self.awslambda.update_function_code(FunctionName=function, ZipFile=code)
            self.awslambda.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
            self.awslambda.update_function_configuration(FunctionName=function, **settings)
            self.awslambda.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        except self.awslambda.exceptions.ResourceNotFoundException:
            self.awslambda.create_function(FunctionName=function, Runtime="provided.al2023", Handler="bootstrap",
                                           Code={"ZipFile": code}, **settings)
            self.awslambda.get_waiter("function_active_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})

    def mapping(self, name, source_arn, **settings):
        function = f"{PREFIX}_{name}"
        there = self.awslambda.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        if any(mapping["EventSourceArn"] == source_arn for mapping in there):
            return
        if "StartingPosition" not in settings:
            settings["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        self.awslambda.create_event_source_mapping(FunctionName=function, EventSourceArn=source_arn, **settings)


def allow(actions, resource):
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def read_stream(stream_arn):
    return allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
                 stream_arn)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", required=True)
    parser.add_argument("--bucket", default="pinehead-leaderboard")
    arguments = parser.parse_args()
    print(json.dumps(Deployment(boto3.Session(), arguments.functions, arguments.bucket).deploy(), indent=2))


if __name__ == "__main__":
    main()
