#!/usr/bin/env python3
"""Signs a set of requests with botocore's signers and prints them as JSON: sigv4_vectors.json.

The C++ verifier must accept every one of them at the time given, and the C++ signer must come to
the same signature where the request was signed by header.
"""
import datetime
import json
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 1, 31, 10, 20, 30)
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBYaDkLmno//pqrs+token=="

botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW

CASES = [
    # name, signer, service, region, method, url, headers, body, session token, expires
    ("dynamodb_get_item", "header", "dynamodb", "us-east-1", "POST", "http://localhost:4566/",
     {"X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Type": "application/x-amz-json-1.0"},
     '{"TableName":"t","Key":{"pk":{"S":"a"}}}', None, None),
    ("session_token", "header", "dynamodb", "eu-central-1", "POST", "http://127.0.0.1:8000/",
     {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, "{}", TOKEN, None),
    ("blanks_in_headers", "header", "sqs", "us-east-1", "POST", "http://localhost/",
     {"X-Amz-Meta": "  a   b\tc  ", "Content-Type": "text/plain"}, "x", None, None),
    ("query_order", "header", "iam", "us-east-1", "GET",
     "https://localhost:4566/?Version=2010-05-08&Action=ListUsers&b=2&a=%20x%2Fy&a=1&empty", {}, "", None, None),
    ("lambda_arn_in_path", "header", "lambda", "us-east-1", "POST",
     "http://localhost:4566/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations",
     {}, "{}", None, None),
    ("lambda_colon_in_path", "header", "lambda", "us-east-1", "GET",
     "http://localhost:4566/2015-03-31/functions/f:live/./x/../y//z/", {}, "", None, None),
    ("s3_plain", "s3", "s3", "us-east-1", "GET", "http://localhost:4566/bucket/key.txt", {}, "", None, None),
    ("s3_odd_keys", "s3", "s3", "eu-west-1", "PUT",
     "http://localhost:4566/bucket/a//b/./../c%20d%2Be%C3%A9%28%29/", {"x-amz-acl": "private"}, "body", None, None),
    ("s3_subresource", "s3", "s3", "us-east-1", "GET",
     "http://b.localhost:4566/?list-type=2&prefix=a%2Fb%20c&uploads", {}, "", TOKEN, None),
    ("s3_presigned", "s3query", "s3", "us-east-1", "GET",
     "http://localhost:4566/bucket/a%20b?versionId=x%2By", {}, "", None, 900),
    ("s3_presigned_token", "s3query", "s3", "us-east-1", "PUT", "http://localhost:4566/bucket/k",
     {"x-amz-acl": "private"}, "", TOKEN, 604800),
    ("sts_presigned", "query", "sts", "us-east-1", "GET",
     "http://localhost:4566/?Action=GetCallerIdentity&Version=2011-06-15", {"x-k8s-aws-id": "c"}, "", None, 60),
]


def sign(case):
    name, signer, service, region, method, url, headers, body, token, expires = case
    credentials = Credentials(ACCESS_KEY, SECRET, token)
    request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
    make = {
        "header": lambda: botocore.auth.SigV4Auth(credentials, service, region),
        "s3": lambda: botocore.auth.S3SigV4Auth(credentials, service, region),
        "query": lambda: botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires),
        "s3query": lambda: botocore.auth.S3SigV4QueryAuth(credentials, service, region, expires=expires),
    }[signer]
    make().add_auth(request)
    parts = urlsplit(request.url)
    sent = [["Host", parts.netloc]] + [[k, v] for k, v in request.headers.items() if k.lower() != "host"]
    return {"name": name, "service": service, "region": region, "method": method, "path": parts.path,
            "query": parts.query, "headers": sent, "body": body, "token": token or "",
            "presigned": signer.endswith("query")}


print(json.dumps({"time": NOW.strftime("%Y%m%dT%H%M%SZ"), "access_key_id": ACCESS_KEY, "secret": SECRET,
                  "vectors": [sign(case) for case in CASES]}, indent=1))
