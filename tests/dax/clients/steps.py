"""Steps are [operation, arguments]; arguments and outcomes are JSON as DynamoDB's protocol has it, with binary values in
base64. An outcome is {"ok": answer} or {"error": code, "reasons": [codes of a cancelled transaction]}."""
import base64
from decimal import Decimal

from botocore import xform_name
from botocore.exceptions import ClientError


def from_json(value):
    if isinstance(value, dict):
        if isinstance(value.get("B"), str):
            return {"B": base64.b64decode(value["B"])}
        if isinstance(value.get("BS"), list):
            return {"BS": [base64.b64decode(one) for one in value["BS"]]}
        return {name: from_json(one) for name, one in value.items()}
    return [from_json(one) for one in value] if isinstance(value, list) else value


def to_json(value):
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items() if name != "ResponseMetadata"}
    if isinstance(value, (list, tuple)):
        return [to_json(one) for one in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value


def outcomes(client, steps):
    """What a client of botocore's kind says to each step."""
    results = []
    for operation, arguments in steps:
        try:
            results.append({"ok": to_json(getattr(client, xform_name(operation))(**from_json(arguments)))})
        except ClientError as error:
            outcome = {"error": error.response["Error"]["Code"]}
            if "CancellationReasons" in error.response:
                outcome["reasons"] = [reason["Code"] for reason in error.response["CancellationReasons"]]
            elif getattr(error, "cancellation_reasons", None):  # flat: code, message and item of each
                outcome["reasons"] = error.cancellation_reasons[::3]
            results.append(outcome)
    return results


def plain(value):
    """Without what clients may choose: the form of numbers, the order of sets."""
    if isinstance(value, dict):
        if isinstance(value.get("N"), str):
            return {"N": str(Decimal(value["N"]).normalize())}
        if isinstance(value.get("NS"), list):
            return {"NS": sorted(str(Decimal(one).normalize()) for one in value["NS"])}
        return {name: sorted(one) if name in ("SS", "BS") else plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
