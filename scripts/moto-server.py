"""moto's server 5.2.5, with what it leaves out of AWS's behaviour and our functions rely on."""

import itertools
from types import SimpleNamespace

from moto.awslambda.models import LambdaStorage
from moto.awslambda.responses import LambdaResponse
from moto.s3 import notifications
from moto.s3.models import S3Backend
from moto.server import main
from moto.utilities.docker_utilities import DockerModel

# A published version is a copy without the client of the Docker engine, and looks for it under this name.
DockerModel._DockerModel__docker_client = None


# Invoke reads a query parameter `qualifier`; AWS calls it `Qualifier`.
def _get_param(self, name, if_none=None, plain=LambdaResponse._get_param):
    found = plain(self, name)
    if found is None and name == "qualifier":
        found = plain(self, "Qualifier")
    return if_none if found is None else found


LambdaResponse._get_param = _get_param


# The number of a version that was deleted is not given again.
def publish_version(self, name_or_arn, description="", plain=LambdaStorage.publish_version):
    functions = self._functions[self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn).function_name]
    before = list(functions["versions"])
    made = plain(self, name_or_arn, description)
    if made is not None and all(made is not version for version in before):
        shared = [version for version in before if version.function_arn == made.function_arn]
        functions["last"] = functions.get("last", 0) + 1
        made.set_version(functions["last"])
        self._arns[made.function_arn] = made
        for version in shared:
            self._arns[version.function_arn] = version
    return made


LambdaStorage.publish_version = publish_version


# A delete marker is an event of its own, and events name the object's version and their order.
def _set_delete_marker(self, bucket_name, key_name, plain=S3Backend._set_delete_marker):
    marker = plain(self, bucket_name, key_name)
    notifications.send_event(
        self.account_id,
        notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT,
        self.get_bucket(bucket_name),
        SimpleNamespace(name=key_name, etag="", size=0, version_id=marker.version_id),
    )
    return marker


S3Backend._set_delete_marker = _set_delete_marker


def _get_s3_event(event_name, bucket, key, notification_id, plain=notifications._get_s3_event, count=itertools.count(1)):
    event = plain(event_name, bucket, key, notification_id)
    for record in event["Records"]:
        record["s3"]["object"].update(versionId=key.version_id, sequencer=f"{next(count):018X}")
    return event


notifications._get_s3_event = _get_s3_event

main()
