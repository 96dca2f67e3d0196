#!/usr/bin/env python3
"""Generates one service's C++ types and descriptor tables from its public AWS service model.

Inputs:  the service model in the pinned botocore package, models/services.json,
         models/<service>.operations, models/<service>.protocol.json and
         models/<service>.overlay.json (the last two may be missing; format: models/README.md).
Outputs: <out>/<service>.h (structs) and <out>/<service>.cc (descriptors, see src/model/descriptor.h).

Files are rewritten only when their text changes, so that a rebuild stays small.
"""

import argparse
import gzip
import json
import os
import re
import sys

CPP_KEYWORDS = frozenset(
    """alignas alignof and asm auto bool break case catch char class concept const constexpr continue
    co_await co_return co_yield decltype default delete do double else enum explicit export extern false
    float for friend goto if inline int long mutable namespace new noexcept not nullptr operator or private
    protected public register requires return short signed sizeof static struct switch template this throw
    true try typedef typeid typename union unsigned using virtual void volatile while xor""".split())

# RE2 refuses repetition counts above this.
RE2_REPEAT_MAX = 1000


class ModelError(Exception):
    pass


def warn(text):
    print(f"generate.py: warning: {text}", file=sys.stderr)


def snake_case(name):
    name = name.replace("-", "_").replace(".", "_")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([0-9])([A-Z])(?=[a-z])", r"\1_\2", name)
    name = name.lower()
    return name + "_" if name in CPP_KEYWORDS else name


def path_name(name):
    return name[:1].lower() + name[1:]


def literal(text):
    """A C++ string literal; every byte that is not plain is an octal escape."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\?':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def merge(target, patch):
    """JSON merge patch (RFC 7396); keys that begin with '_' are comments."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for key, value in patch.items():
        if key.startswith("_"):
            continue
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge(target.get(key), value)
    return target


def to_re2(pattern):
    """The pattern in RE2's syntax, or None when RE2 cannot express it."""
    if re.search(r"\(\?(=|!|<=|<!)", pattern) or re.search(r"(?<!\\)\\[1-9]", pattern):
        return None
    pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern)
    # Surrogate halves: Java matches code points, so ranges of them mean the planes above U+FFFF.
    pattern = pattern.replace(r"\x{D800}\x{DC00}-\x{DBFF}\x{DFFF}", r"\x{10000}-\x{10FFFF}")
    pattern = pattern.replace(r"\x{1000}0-\x{10FF}FF", r"\x{10000}-\x{10FFFF}")
    pattern = pattern.replace(r"\p{Print}", r"[[:print:]]")
    # A blank class shorthand before '-' is no range in Java ("[\w-]", "[a-z0-9-_]").
    pattern = escape_class_hyphens(pattern)

    def repeat(match):
        low, comma, high = match.group(1), match.group(2), match.group(3)
        if int(low) > RE2_REPEAT_MAX:
            return "*"
        if high and int(high) > RE2_REPEAT_MAX:
            return "{%s,}" % low
        return "{%s%s%s}" % (low, comma or "", high or "")

    return re.sub(r"(?<!\\)(?<!\\x)(?<!\\p)\{(\d+)(,)?(\d+)?\}", repeat, pattern)


def escape_class_hyphens(pattern):
    out = []
    inside = False
    class_start = 0
    after_range = False
    i = 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            end = i + 2
            if i + 2 < len(pattern) and pattern[i + 1] in "xpP" and pattern[i + 2] == "{":
                end = pattern.index("}", i) + 1
            elif pattern[i + 1] == "x":
                end = i + 4
            token = pattern[i:end]
            is_set = token[1] in "wWdDsSpP"
            out.append(token)
            i = end
            if inside and i < len(pattern) and pattern[i] == "-" and (is_set or after_range):
                out.append("\\-")
                i += 1
            after_range = False
            continue
        if not inside and char == "[":
            inside = True
            class_start = i
            after_range = False
        elif inside and char == "]" and i > class_start + 1:
            inside = False
        elif inside and char == "[":
            # "[[:print:]]": RE2's own syntax.
            end = pattern.find(":]", i)
            if pattern.startswith("[:", i) and end > 0:
                out.append(pattern[i:end + 2])
                i = end + 2
                continue
            out.append("\\[")
            i += 1
            continue
        elif inside and char == "-" and 0 < i + 1 < len(pattern) and pattern[i + 1] != "]" and i > class_start + 1:
            # The hyphen of a range "a-z": copy it with its end and remember it.
            end = i + 2
            if pattern[i + 1] == "\\":
                token_end = end + 1
                if pattern[end] in "xp" and end + 1 < len(pattern) and pattern[end + 1] == "{":
                    token_end = pattern.index("}", end) + 1
                elif pattern[end] == "x":
                    token_end = end + 3
                if pattern[end] in "wWdDsSpP":
                    out.append("\\-")
                    i += 1
                    continue
                end = token_end
            out.append(pattern[i:end])
            i = end
            if i < len(pattern) and pattern[i] == "-" and i + 1 < len(pattern) and pattern[i + 1] != "]":
                out.append("\\-")
                i += 1
            continue
        out.append(char)
        i += 1
    return "".join(out)


class Generator:
    def __init__(self, service, settings, model, operations):
        self.service = service
        self.settings = settings
        self.model = model
        self.shapes = model["shapes"]
        self.metadata = model["metadata"]
        self.protocol = self.metadata["protocol"]
        self.operation_names = operations
        self.cpp_names = {}      # structure shape -> struct name
        self.aliases = []        # (alias, struct name)
        self.empty_structs = []  # names of inputs and outputs that the model lacks
        self.order = []          # structure shapes, each behind those that it uses
        self.types = {}          # (shape, streaming) -> C++ type, in order of discovery
        self.pattern_ids = {}
        self.io = {}             # operation -> (input struct descriptor name, output ...)

    # -- shapes -> C++ ---------------------------------------------------------------------------

    def is_item_value(self, shape):
        return shape == "AttributeValue" and self.service in ("dynamodb", "dynamodbstreams")

    def kind(self, shape, streaming=False):
        definition = self.shapes[shape]
        kind = definition["type"]
        if self.is_item_value(shape):
            return "kItemValue"
        if kind == "map" and self.is_item_value(definition["value"]["shape"]):
            return "kItem"
        if kind == "blob" and streaming:
            return "kStream"
        return {
            "string": "kString", "character": "kString", "blob": "kBlob", "boolean": "kBool",
            "integer": "kInt32", "long": "kInt64", "float": "kDouble", "double": "kDouble",
            "timestamp": "kTimestamp", "list": "kList", "map": "kMap", "structure": "kStructure",
        }[kind]

    def cpp_type(self, shape, streaming=False):
        kind = self.kind(shape, streaming)
        definition = self.shapes[shape]
        if kind == "kList":
            element = self.cpp_type(definition["member"]["shape"])
            if element == "bool":
                raise ModelError(f"{shape}: std::vector<bool> has no element addresses")
            return f"std::vector<{element}>"
        if kind == "kMap":
            return f"std::map<std::string, {self.cpp_type(definition['value']['shape'])}>"
        if kind == "kStructure":
            return self.cpp_names[shape]
        return {
            "kItemValue": "::millrace::item::Value", "kItem": "::millrace::item::Item",
            "kStream": "::millrace::Body", "kString": "std::string", "kBlob": "std::string", "kBool": "bool",
            "kInt32": "int32_t", "kInt64": "int64_t", "kDouble": "double", "kTimestamp": "::millrace::TimePoint",
        }[kind]

    def is_streaming(self, structure, member_name):
        definition = self.shapes[structure]
        member = definition["members"][member_name]
        if definition.get("payload") != member_name:
            return False
        return bool(member.get("streaming") or self.shapes[member["shape"]].get("streaming"))

    def visit(self, shape, path):
        """Collects the structures below `shape`, those that are used first."""
        if self.is_item_value(shape):
            return
        definition = self.shapes[shape]
        kind = definition["type"]
        if kind == "list":
            self.visit(definition["member"]["shape"], path)
        elif kind == "map":
            self.visit(definition["key"]["shape"], path)
            self.visit(definition["value"]["shape"], path)
        elif kind == "structure":
            if shape in path:
                raise ModelError(f"recursive shape: {' -> '.join(path + [shape])}")
            if shape in self.order:
                return
            for member in definition.get("members", {}).values():
                self.visit(member["shape"], path + [shape])
            self.order.append(shape)

    def members(self, shape):
        return self.shapes[shape].get("members", {})

    def name_structures(self):
        roots = []  # (operation, "Input"/"Output", shape)
        users = {}
        for name in self.operation_names:
            operation = self.model["operations"][name]
            for suffix in ("Input", "Output"):
                shape = operation.get(suffix.lower(), {}).get("shape")
                roots.append((name, suffix, shape))
                if shape is not None:
                    users.setdefault(shape, []).append(name + suffix)
        for _, _, shape in roots:
            if shape is not None:
                self.visit(shape, [])
        nested = set()
        for shape in self.order:
            for member in self.members(shape).values():
                self.collect_structures(member["shape"], nested)
        io_names = {name + suffix for name, suffix, _ in roots}
        for shape in self.order:
            uses = users.get(shape, [])
            if len(uses) == 1 and shape not in nested:
                self.cpp_names[shape] = uses[0]
            elif shape in io_names and shape not in uses:
                self.cpp_names[shape] = shape + "Shape"
            else:
                self.cpp_names[shape] = shape[:1].upper() + shape[1:]
        for name, suffix, shape in roots:
            if shape is None:
                self.empty_structs.append(name + suffix)
                self.io.setdefault(name, {})[suffix] = name + suffix
                continue
            self.io.setdefault(name, {})[suffix] = self.cpp_names[shape]
            if self.cpp_names[shape] != name + suffix:
                self.aliases.append((name + suffix, self.cpp_names[shape]))
        seen = {}
        for shape, name in self.cpp_names.items():
            if name in seen:
                raise ModelError(f"{shape} and {seen[name]} both become {name}")
            seen[name] = shape

    def collect_structures(self, shape, found):
        definition = self.shapes[shape]
        if definition["type"] == "structure":
            found.add(shape)
        elif definition["type"] == "list":
            self.collect_structures(definition["member"]["shape"], found)
        elif definition["type"] == "map":
            self.collect_structures(definition["value"]["shape"], found)

    def header(self):
        out = [
            "// Generated by tools/model/generate.py from the public service model. Do not edit.",
            "#pragma once", "",
            "#include <cstdint>", "#include <map>", "#include <optional>", "#include <string>", "#include <vector>", "",
            '#include "core/body.h"', '#include "core/time.h"',
        ]
        if self.service in ("dynamodb", "dynamodbstreams"):
            out.append('#include "item/item.h"')
        out += ['#include "model/descriptor.h"', "", f"namespace millrace::model::{self.service} {{", "",
                "extern const ServiceDescriptor kService;", ""]
        for shape in self.order:
            name = self.cpp_names[shape]
            out.append(f"struct {name} {{")
            fields = {}
            for member_name, member in self.members(shape).items():
                field = snake_case(member_name)
                if field in fields:
                    raise ModelError(f"{shape}: {member_name} and {fields[field]} both become {field}")
                fields[field] = member_name
                streaming = self.is_streaming(shape, member_name)
                out.append(f"    std::optional<{self.cpp_type(member['shape'], streaming)}> {field};")
            out.append(f"    friend bool operator==(const {name}&, const {name}&) = default;")
            out += ["};", f"const StructureDescriptor& descriptor_of(const {name}*);", ""]
        for name in self.empty_structs:
            out += [f"struct {name} {{", f"    friend bool operator==(const {name}&, const {name}&) = default;", "};",
                    f"const StructureDescriptor& descriptor_of(const {name}*);", ""]
        for alias, name in self.aliases:
            out.append(f"using {alias} = {name};")
        out += ["", f"}}  // namespace millrace::model::{self.service}", ""]
        return "\n".join(out)

    # -- descriptors -----------------------------------------------------------------------------

    def type_symbol(self, shape, streaming=False):
        return "kType" + shape[:1].upper() + shape[1:] + ("Stream" if streaming else "")

    def emit_type(self, out, shape, streaming=False):
        key = (shape, streaming)
        if key in self.types:
            return
        self.types[key] = True
        definition = self.shapes[shape]
        kind = self.kind(shape, streaming)
        if kind == "kList":
            self.emit_type(out, definition["member"]["shape"])
        elif kind == "kMap":
            self.emit_type(out, definition["key"]["shape"])
            self.emit_type(out, definition["value"]["shape"])
        elif kind == "kStructure":
            self.emit_structure(out, shape)
        symbol = self.type_symbol(shape, streaming)
        constraints = self.emit_constraints(out, shape, kind)
        cpp = self.cpp_type(shape, streaming)
        fields = [f".kind = Kind::{kind}", f".shape = {literal(shape)}", f".optional = &kOptionalOps<{cpp}>"]
        if constraints:
            fields.append(f".constraints = &{constraints}")
        if "timestampFormat" in definition:
            fields.append(f".timestamp_format = {self.timestamp_format(definition['timestampFormat'])}")
        if kind == "kStructure":
            fields.append(f".structure = &kStructure{self.cpp_names[shape]}")
        elif kind == "kList":
            element = definition["member"]
            fields.append(f".element = &{self.type_symbol(element['shape'])}")
            fields.append(f".vector = &kVectorOps<{self.cpp_type(element['shape'])}>")
            if definition.get("flattened"):
                fields.append(".flattened = true")
            if "locationName" in element:
                fields.append(f".element_name = {literal(element['locationName'])}")
        elif kind == "kMap":
            value = definition["value"]
            fields.append(f".element = &{self.type_symbol(value['shape'])}")
            fields.append(f".key = &{self.type_symbol(definition['key']['shape'])}")
            fields.append(f".map = &kMapOps<{self.cpp_type(value['shape'])}>")
            if definition.get("flattened"):
                fields.append(".flattened = true")
            fields.append(f".element_name = {literal(value.get('locationName', 'value'))}")
            if "locationName" in definition["key"]:
                fields.append(f".key_name = {literal(definition['key']['locationName'])}")
        if definition.get("validate") is False:
            fields.append(".validated = false")
        out.append(f"constinit const TypeDescriptor {symbol}{{{', '.join(fields)}}};")

    def emit_constraints(self, out, shape, kind):
        definition = self.shapes[shape]
        fields = []
        for bound in ("min", "max"):
            if bound in definition:
                fields.append(f".has_{bound} = true")
        for bound in ("min", "max"):
            if bound in definition:
                fields.append(f".{bound} = {self.number(definition[bound])}")
        if "pattern" in definition and kind == "kString":
            fields.append(f".pattern = &{self.emit_pattern(out, shape, definition['pattern'])}")
        if "enum" in definition and kind == "kString":
            array = f"kEnum{shape[:1].upper() + shape[1:]}"
            values = ", ".join(literal(value) for value in definition["enum"])
            out.append(f"constexpr std::string_view {array}[] = {{{values}}};")
            fields.append(f".enum_values = {array}")
        if not fields:
            return None
        symbol = f"kConstraints{shape[:1].upper() + shape[1:]}"
        out.append(f"constinit const Constraints {symbol}{{{', '.join(fields)}}};")
        return symbol

    def number(self, value):
        return repr(float(value)) if isinstance(value, float) else f"{value}.0"

    def emit_pattern(self, out, shape, pattern):
        if pattern in self.pattern_ids:
            return self.pattern_ids[pattern]
        symbol = f"kPattern{len(self.pattern_ids)}"
        self.pattern_ids[pattern] = symbol
        definition = self.shapes[shape]
        re2 = definition.get("re2Pattern") or to_re2(pattern)
        if re2 is None:
            warn(f"{self.service}: pattern of {shape} is not checked, RE2 cannot express it: {pattern}")
            re2 = ""
        out.append(f"constinit const PatternDescriptor {symbol}{{.text = {literal(pattern)}, .re2 = {literal(re2)}}};")
        return symbol

    def timestamp_format(self, name):
        formats = {"iso8601": "kIso8601", "rfc822": "kRfc822", "unixTimestamp": "kUnix", "lambda": "kLambda"}
        return "TimestampFormat::" + formats[name]

    def emit_structure(self, out, shape):
        definition = self.shapes[shape]
        name = self.cpp_names[shape]
        members = self.members(shape)
        required = set(definition.get("required", []))
        rows = []
        payload = None
        locations = {"header": "kHeader", "headers": "kHeaders", "querystring": "kQueryString", "uri": "kUri",
                     "statusCode": "kStatusCode"}
        has_header_members = False
        for index, (member_name, member) in enumerate(members.items()):
            streaming = self.is_streaming(shape, member_name)
            self.emit_type(out, member["shape"], streaming)
            wire = member.get("locationName", member_name)
            target = self.shapes[member["shape"]]
            flattened = bool(member.get("flattened") or target.get("flattened"))
            query = member.get("queryName", wire[:1].upper() + wire[1:] if self.protocol == "ec2" else wire)
            if flattened and target["type"] == "list" and "locationName" in target["member"] and "queryName" not in member:
                # S3's models name the element on the member, the others on the list's element.
                query = target["member"]["locationName"] if self.protocol != "rest-xml" else wire
            fields = [f".name = {literal(member_name)}", f".wire_name = {literal(wire)}",
                      f".query_name = {literal(query)}",
                      f".path_name = {literal(member.get('pathName', path_name(member_name)))}",
                      f".type = &{self.type_symbol(member['shape'], streaming)}",
                      f".offset = offsetof({name}, {snake_case(member_name)})"]
            if "location" in member:
                fields.append(f".location = Location::{locations[member['location']]}")
                has_header_members = True
            if "timestampFormat" in member:
                fields.append(f".timestamp_format = {self.timestamp_format(member['timestampFormat'])}")
            if member_name in required:
                fields.append(".required = true")
            if flattened:
                fields.append(".flattened = true")
            if member.get("xmlAttribute"):
                fields.append(".xml_attribute = true")
            if member.get("idempotencyToken"):
                fields.append(".idempotency_token = true")
            if member.get("validate") is False:
                fields.append(".validated = false")
            if member.get("reportedAlone"):
                fields.append(".reported_alone = true")
            if member.get("valueHidden"):
                fields.append(".value_hidden = true")
            namespace = member.get("xmlNamespace") or (target.get("xmlNamespace") if target["type"] == "structure" else None)
            if isinstance(namespace, dict):
                fields.append(f".xml_namespace = {literal(namespace['uri'])}")
                if "prefix" in namespace:
                    fields.append(f".xml_namespace_prefix = {literal(namespace['prefix'])}")
            rows.append(f"    {{{', '.join(fields)}}},")
            if definition.get("payload") == member_name:
                payload = index
        fields = [f".name = {literal(shape)}", f".cpp_name = {literal(name)}"]
        if rows:
            out.append(f"constinit const MemberDescriptor kMembers{name}[] = {{")
            out += rows
            out.append("};")
            fields.append(f".members = kMembers{name}")
        if payload is not None:
            fields.append(f".payload = &kMembers{name}[{payload}]")
        if "locationName" in definition or "xmlName" in definition:
            fields.append(f".xml_name = {literal(definition.get('xmlName', definition.get('locationName')))}")
        if isinstance(definition.get("xmlNamespace"), dict):
            fields.append(f".xml_namespace = {literal(definition['xmlNamespace']['uri'])}")
        if definition.get("xmlUnwrapped"):
            fields.append(".xml_unwrapped = true")
        if definition.get("union"):
            fields.append(".is_union = true")
        if has_header_members:
            fields.append(".has_header_members = true")
        out.append(f"constinit const StructureDescriptor kStructure{name}{{{', '.join(fields)}}};")

    def emit_route_parts(self, out, name):
        """kSegments<name> and kQuery<name>. Returns whether there are segments."""
        uri = self.model["operations"][name].get("http", {}).get("requestUri", "/")
        path, _, query = uri.partition("?")
        segments = []
        for segment in path.split("/"):
            if not segment:
                continue
            label = re.fullmatch(r"\{(.+?)(\+?)\}", segment)
            if label is None:
                if "{" in segment:
                    raise ModelError(f"{name}: label inside a segment: {uri}")
                segments.append(f"{{UriSegment::Type::kLiteral, {literal(segment)}}}")
            elif label.group(2):
                segments.append(f"{{UriSegment::Type::kGreedyLabel, {literal(label.group(1))}}}")
            else:
                segments.append(f"{{UriSegment::Type::kLabel, {literal(label.group(1))}}}")
        if segments:
            out.append(f"constexpr UriSegment kSegments{name}[] = {{{', '.join(segments)}}};")
        literals = []
        for part in query.split("&") if query else []:
            key, equals, value = part.partition("=")
            literals.append(f"{{{literal(key)}, {literal(value)}, {'true' if equals else 'false'}}}")
        if literals:
            out.append(f"constexpr QueryLiteral kQuery{name}[] = {{{', '.join(literals)}}};")
        return bool(segments)

    def emit_routes(self, out, served):
        rows = []
        for name in sorted(self.model["operations"]):
            operation = self.model["operations"][name]
            if name not in served:
                self.emit_route_parts(out, name)
            http = operation.get("http", {})
            uri = http.get("requestUri", "/")
            fields = [f".name = {literal(name)}", f".http_method = {literal(http.get('method', 'POST'))}"]
            if uri.partition("?")[0].strip("/"):
                fields.append(f".segments = kSegments{name}")
            if "?" in uri:
                fields.append(f".query_literals = kQuery{name}")
            shape = self.shapes.get(operation.get("input", {}).get("shape"), {})
            for location, field in (("querystring", "query"), ("header", "headers")):
                names = [member.get("locationName", member_name)
                         for member_name, member in shape.get("members", {}).items()
                         if member.get("location") == location and member_name in shape.get("required", [])]
                if location == "header":
                    names = [header.lower() for header in names]
                if names:
                    array = f"kRequired{'Query' if field == 'query' else 'Headers'}{name}"
                    out.append(f"constexpr std::string_view {array}[] = {{{', '.join(map(literal, names))}}};")
                    fields.append(f".required_{field} = {array}")
            if name in served:
                fields.append(f".operation = &kOperations[{served.index(name)}]")
            rows.append(f"    {{{', '.join(fields)}}},")
        out.append("constinit const RouteDescriptor kRoutes[] = {")
        out.extend(rows)
        out.append("};")

    def emit_operation(self, out, rows, name):
        operation = self.model["operations"][name]
        http = operation.get("http", {})
        uri = http.get("requestUri", "/")
        path = uri.partition("?")[0]
        fields = [".service = &kService", f".name = {literal(name)}", f".http_method = {literal(http.get('method', 'POST'))}",
                  f".uri = {literal(uri)}"]
        if self.emit_route_parts(out, name):
            fields.append(f".segments = kSegments{name}")
        if path.endswith("/") and path != "/":
            fields.append(".trailing_slash = true")
        if "?" in uri:
            fields.append(f".query_literals = kQuery{name}")
        fields.append(f".input = &kStructure{self.io[name]['Input']}")
        fields.append(f".output = &kStructure{self.io[name]['Output']}")
        if http.get("responseCode", 200) != 200:
            fields.append(f".success_status = {http['responseCode']}")
        output = operation.get("output")
        if output is not None:
            wrapper = output.get("resultWrapper")
            if wrapper is None and self.settings.get("query_compatible"):
                wrapper = name + "Result"
            if wrapper:
                fields.append(f".result_wrapper = {literal(wrapper)}")
        source = operation.get("input") or {}
        if "locationName" in source:
            fields.append(f".input_xml_name = {literal(source['locationName'])}")
        if isinstance(source.get("xmlNamespace"), dict):
            fields.append(f".input_xml_namespace = {literal(source['xmlNamespace']['uri'])}")
        for suffix in ("input", "output"):
            shape = operation.get(suffix, {}).get("shape")
            payload = self.shapes[shape].get("payload") if shape else None
            if payload and self.is_streaming(shape, payload):
                fields.append(f".{suffix}_streaming = true")
        if operation.get("httpChecksum", {}).get("requestChecksumRequired") or operation.get("httpChecksumRequired"):
            fields.append(".checksum_required = true")
        if operation.get("validate") is False:
            fields.append(".validated = false")
        rows.append(f"    {{{', '.join(fields)}}},")

    def source(self):
        out = [
            "// Generated by tools/model/generate.py from the public service model. Do not edit.",
            f'#include "model/generated/{self.service}.h"', "", "#include <cstddef>", "",
            '#include "model/type_ops.h"', "",
            '#pragma GCC diagnostic ignored "-Winvalid-offsetof"',
            '#pragma GCC diagnostic ignored "-Wunused-const-variable"',
            "", f"namespace millrace::model::{self.service} {{", "namespace {", "",
        ]
        for shape in self.order:
            self.emit_type(out, shape)
        for name in self.empty_structs:
            out.append(f"constinit const StructureDescriptor kStructure{name}{{.name = {literal(name)}, "
                       f".cpp_name = {literal(name)}}};")
        rows = []
        for name in sorted(self.operation_names):
            self.emit_operation(out, rows, name)
        out.append("constinit const OperationDescriptor kOperations[] = {")
        out += rows
        out.append("};")
        if self.protocol.startswith("rest"):
            self.emit_routes(out, sorted(self.operation_names))
        known = ", ".join(literal(name) for name in sorted(self.model["operations"]))
        out.append(f"constexpr std::string_view kKnownOperations[] = {{{known}}};")
        out += ["", "}  // namespace", ""]
        protocols = {"json": "kAwsJson", "query": "kQuery", "ec2": "kQuery", "rest-json": "kRestJson",
                     "rest-xml": "kRestXml"}
        fields = [
            f".name = {literal(self.service)}",
            f".signing_name = {literal(self.metadata.get('signingName', self.metadata['endpointPrefix']))}",
            f".protocol = Protocol::{protocols[self.protocol]}",
            f".target_prefix = {literal(self.metadata.get('targetPrefix', ''))}",
            f".json_version = {literal(self.metadata.get('jsonVersion', ''))}",
            f".api_version = {literal(self.metadata['apiVersion'])}",
            f".xml_namespace = {literal(self.settings.get('xml_namespace', self.metadata.get('xmlNamespace', '')))}",
            f".error_namespace = {literal(self.settings.get('error_namespace', ''))}",
            f".query_compatible = {'true' if self.settings.get('query_compatible') else 'false'}",
            f".ec2_query = {'true' if self.protocol == 'ec2' else 'false'}",
            f".validated = {'true' if self.settings.get('validated', True) else 'false'}",
            f".validation_code = {literal(self.settings.get('validation_code', 'ValidationException'))}",
            f".validation_namespace = {literal(self.settings.get('validation_namespace', ''))}",
            ".operations = kOperations",
            ".known_operations = kKnownOperations",
        ]
        if self.protocol.startswith("rest"):
            fields.insert(-1, ".routes = kRoutes")
        out.append("constinit const ServiceDescriptor kService{")
        out += [f"    {field}," for field in fields]
        out += ["};", ""]
        for name in [self.cpp_names[shape] for shape in self.order] + self.empty_structs:
            out.append(f"const StructureDescriptor& descriptor_of(const {name}*) {{ return kStructure{name}; }}")
        out += ["", f"}}  // namespace millrace::model::{self.service}", ""]
        return "\n".join(out)


def read_operations(path):
    names = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            name = line.split("#")[0].strip()
            if name:
                names.append(name)
    return sorted(set(names))


def load_model(data, directory):
    versions = sorted(entry for entry in os.listdir(os.path.join(data, directory)))
    path = os.path.join(data, directory, versions[-1], "service-2.json")
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rt", encoding="utf-8") as file:
            return path + ".gz", json.load(file)
    with open(path, encoding="utf-8") as file:
        return path, json.load(file)


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", required=True)
    parser.add_argument("--models", required=True, help="the repository's models folder")
    parser.add_argument("--data", help="botocore's data folder; default: of the installed package")
    parser.add_argument("--out", help="folder for <service>.h and <service>.cc")
    parser.add_argument("--print-model-path", action="store_true")
    arguments = parser.parse_args()

    data = arguments.data
    with open(os.path.join(arguments.models, "services.json"), encoding="utf-8") as file:
        services = json.load(file)
    if data is None:
        import botocore  # pylint: disable=import-outside-toplevel
        if botocore.__version__ != services["botocore"]:
            raise ModelError(f"botocore {services['botocore']} is needed, {botocore.__version__} is installed")
        data = os.path.join(os.path.dirname(botocore.__file__), "data")
    settings = services["services"][arguments.service]
    path, model = load_model(data, settings.get("model", arguments.service))
    if arguments.print_model_path:
        print(path)
        return
    for kind in ("protocol", "overlay"):
        overlay = os.path.join(arguments.models, f"{arguments.service}.{kind}.json")
        if os.path.exists(overlay):
            with open(overlay, encoding="utf-8") as file:
                patch = json.load(file)
            settings = merge(settings, patch.get("service", {}))
            unknown = [key for key in patch if key not in ("service", "operations", "shapes", "metadata")
                       and not key.startswith("_")]
            if unknown:
                raise ModelError(f"{overlay}: unknown keys {unknown}")
            for key in ("operations", "shapes", "metadata"):
                merge(model[key], patch.get(key, {}))
    operations = read_operations(os.path.join(arguments.models, f"{arguments.service}.operations"))
    unknown = [name for name in operations if name not in model["operations"]]
    if unknown:
        raise ModelError(f"{arguments.service}.operations: the model has no {', '.join(unknown)}")

    generator = Generator(arguments.service, settings, model, operations)
    generator.name_structures()
    header = generator.header()
    source = generator.source()
    os.makedirs(arguments.out, exist_ok=True)
    write_if_changed(os.path.join(arguments.out, f"{arguments.service}.h"), header)
    write_if_changed(os.path.join(arguments.out, f"{arguments.service}.cc"), source)


if __name__ == "__main__":
    try:
        main()
    except ModelError as error:
        sys.exit(f"generate.py: {error}")
