"""The objects of the comparison, declared as a service over oslo.versionedobjects declares its own."""

from oslo_utils import versionutils
from oslo_versionedobjects import base, fields


class BenchObject(base.VersionedObject):
    OBJ_SERIAL_NAMESPACE = 'bench_object'
    OBJ_PROJECT_NAMESPACE = 'bench'


@base.VersionedObjectRegistry.register
class Fault(BenchObject):
    VERSION = '1.0'
    fields = {
        'code': fields.IntegerField(),
        'message': fields.StringField(),
        'details': fields.StringField(nullable=True),
        'created_at': fields.DateTimeField(),
    }


@base.VersionedObjectRegistry.register
class Flavor(BenchObject):
    VERSION = '1.0'
    fields = {
        'uuid': fields.UUIDField(),
        'name': fields.StringField(),
        'vcpus': fields.IntegerField(),
        'memory_mb': fields.IntegerField(),
        'root_gb': fields.IntegerField(),
        'description': fields.StringField(nullable=True),
        'created_at': fields.DateTimeField(),
        'generation': fields.IntegerField(),
    }


@base.VersionedObjectRegistry.register
class Image(BenchObject):
    VERSION = '1.0'
    fields = {
        'uuid': fields.UUIDField(),
        'name': fields.StringField(),
        'checksum': fields.StringField(),
        'boot_method': fields.StringField(),
        'min_memory_mb': fields.IntegerField(),
        'min_root_gb': fields.IntegerField(),
        'size_bytes': fields.IntegerField(),
        'created_at': fields.DateTimeField(),
    }


@base.VersionedObjectRegistry.register
class NetworkInterface(BenchObject):
    VERSION = '1.0'
    fields = {
        'uuid': fields.UUIDField(),
        'mac_address': fields.MACAddressField(),
        'model': fields.StringField(),
        'ip_address': fields.IPAddressField(),
    }


@base.VersionedObjectRegistry.register
class BlockDevice(BenchObject):
    VERSION = '1.0'
    fields = {
        'uuid': fields.UUIDField(),
        'device_name': fields.StringField(),
        'size_gb': fields.IntegerField(),
        'boot_index': fields.IntegerField(),
        'image_uuid': fields.UUIDField(nullable=True),
    }


@base.VersionedObjectRegistry.register
class Instance(BenchObject):
    # 1.1: display_description
    # 1.2: user_data
    VERSION = '1.2'
    fields = {
        'uuid': fields.UUIDField(),
        'user_id': fields.StringField(),
        'display_name': fields.StringField(),
        'vm_state': fields.StringField(),
        'task_state': fields.StringField(nullable=True),
        'power_state': fields.StringField(),
        'vcpus': fields.IntegerField(),
        'memory_mb': fields.IntegerField(),
        'root_gb': fields.IntegerField(),
        'flavor': fields.ObjectField('Flavor'),
        'image': fields.ObjectField('Image'),
        'network_interfaces': fields.ListOfObjectsField('NetworkInterface'),
        'block_devices': fields.ListOfObjectsField('BlockDevice'),
        'host_id': fields.UUIDField(nullable=True),
        'host': fields.StringField(nullable=True),
        'fault': fields.ObjectField('Fault', nullable=True),
        'created_at': fields.DateTimeField(),
        'updated_at': fields.DateTimeField(),
        'launched_at': fields.DateTimeField(nullable=True),
        'terminated_at': fields.DateTimeField(nullable=True),
        'generation': fields.IntegerField(),
        'display_description': fields.StringField(nullable=True),
        'user_data': fields.StringField(nullable=True),
    }

    def obj_make_compatible(self, primitive, target_version):
        super().obj_make_compatible(primitive, target_version)
        target = versionutils.convert_version_to_tuple(target_version)
        if target < (1, 2):
            primitive.pop('user_data', None)
        if target < (1, 1):
            primitive.pop('display_description', None)


def from_json(cls, values):
    """An object of a class from Stator's JSON of the same object; what the class does not declare is left out."""
    known = {}
    for name, field in cls.fields.items():
        if name not in values:
            continue
        value = values[name]
        if isinstance(field, fields.ObjectField):
            value = from_json(nested(field.objname), value)
        elif isinstance(field, fields.ListOfObjectsField):
            value = [from_json(nested(field.objname), element) for element in value]
        known[name] = value
    return cls(**known)


def nested(name):
    return base.VersionedObjectRegistry.obj_classes()[name][0]
