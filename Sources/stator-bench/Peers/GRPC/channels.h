#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "options.h"

// Connected channels, each with a connection of its own; empty when the server does not answer.
std::vector<std::shared_ptr<grpc::Channel>> connect_all(const Options &options);
