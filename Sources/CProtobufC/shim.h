// protobuf-c's run-time library.
#pragma once

#include <protobuf-c/protobuf-c.h>
