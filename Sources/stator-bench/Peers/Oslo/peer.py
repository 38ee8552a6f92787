"""oslo.versionedobjects' side of the comparison: peer.py --folder DIR --seconds S

Measures each operation that is named on standard input, and answers with a line of JSON. What it does with an object
is what oslo.messaging does with an argument of a call.
"""

import argparse
import copy
import json
import sys
import time

from oslo_serialization import jsonutils
from oslo_versionedobjects import base

import instance as objects

TARGET_VERSION = '1.0'


class Peer:
    def __init__(self, folder, seconds):
        self.seconds = seconds
        self.serializer = base.VersionedObjectSerializer()
        self.serializer.OBJ_BASE_CLASS = objects.BenchObject
        self.instance = self.read(folder, 'instance')
        self.lowerable = self.read(folder, 'lowerable')
        self.text = self.encoded(self.instance)
        self.older = dict(base.obj_tree_get_versions('Instance'), Instance=TARGET_VERSION)

    @staticmethod
    def read(folder, name):
        with open(f'{folder}/{name}.json', encoding='utf-8') as file:
            return objects.from_json(objects.Instance, json.load(file))

    def encoded(self, thing):
        return jsonutils.dumps(self.serializer.serialize_entity(None, thing))

    def decoded(self):
        return self.serializer.deserialize_entity(None, jsonutils.loads(self.text))

    def lowered(self):
        return self.lowerable.obj_to_primitive(target_version=TARGET_VERSION, version_manifest=self.older)

    def measure(self, operation):
        if operation == 'encode':
            return self.repeat(lambda: self.encoded(self.instance), len(self.text))
        if operation == 'decode':
            return self.repeat(self.decoded, len(self.text))
        if operation == 'decode_and_read':
            return self.repeat(lambda: read_all(self.decoded()), len(self.text))
        if operation == 'lower':
            return self.repeat(lambda: jsonutils.dumps(self.lowered()), len(jsonutils.dumps(self.lowered())))
        if operation == 'lower_only':
            return self.lower_only()
        if operation == 'copy':
            return self.repeat(self.instance.obj_clone, 0)
        raise SystemExit(f'{operation} is no operation on objects')

    def repeat(self, body, length):
        for _ in range(20):
            body()
        operations = 0
        began = time.process_time()
        spent = 0
        while spent < self.seconds:
            for _ in range(10):
                body()
            operations += 10
            spent = time.process_time() - began
        return {'operations': operations, 'cpu_seconds': spent, 'bytes': length}

    def lower_only(self):
        """Taking away from a primitive what the target lacks; making primitives to take it from is not counted."""
        made = self.lowerable.obj_to_primitive()['bench_object.data']
        operations = 0
        spent = 0
        while spent < self.seconds:
            primitives = [copy.deepcopy(made) for _ in range(100)]
            began = time.process_time()
            for primitive in primitives:
                self.lowerable.obj_make_compatible_from_manifest(primitive, TARGET_VERSION, self.older)
            spent += time.process_time() - began
            operations += len(primitives)
        return {'operations': operations, 'cpu_seconds': spent, 'bytes': 0}


def read_all(thing):
    for name in thing.fields:
        if thing.obj_attr_is_set(name):
            value = getattr(thing, name)
            for element in value if isinstance(value, list) else [value]:
                if isinstance(element, base.VersionedObject):
                    read_all(element)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--folder', required=True)
    parser.add_argument('--seconds', type=float, default=0.25)
    options = parser.parse_args()
    peer = Peer(options.folder, options.seconds)
    for line in sys.stdin:
        print(json.dumps(peer.measure(line.strip())), flush=True)


if __name__ == '__main__':
    main()
