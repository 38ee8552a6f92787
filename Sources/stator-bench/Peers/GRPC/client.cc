#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include "../PlainC/measurement.h"
#include "channels.h"
#include "echo.grpc.pb.h"
#include "options.h"

// Closed loop over one completion queue and one thread.

namespace {

using stator::bench::Echo;

uint64_t now;
measurement measured;

template <typename Message>
class Call {
public:
    using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Message>>;
    using Prepare =
        Reader (Echo::Stub::*)(grpc::ClientContext *, const Message &, grpc::CompletionQueue *);

    Call(Echo::Stub &stub, grpc::CompletionQueue &queue, Prepare prepare, const Message &request)
        : stub(stub), queue(queue), prepare(prepare), request(request) {}

    void begin() {
        began = now;
        context.emplace();
        reader = (stub.*prepare)(&*context, request, &queue);
        reader->StartCall();
        reader->Finish(&answer, &status, this);
    }

    bool answered() {
        if (!status.ok()) {
            std::fprintf(stderr, "a call failed: %s\n", status.error_message().c_str());
            return false;
        }
        histogram_add(&measured.latencies, now - began);
        begin();
        return true;
    }

private:
    Echo::Stub &stub;
    grpc::CompletionQueue &queue;
    Prepare prepare;
    const Message &request;
    Message answer;
    grpc::Status status;
    std::optional<grpc::ClientContext> context;
    Reader reader;
    uint64_t began = 0;
};

template <typename Message>
int measure(const Options &o, typename Call<Message>::Prepare prepare) {
    Message request;
    if (!request.ParseFromString(file_contents(o.message_file))) return 1;
    auto channels = connect_all(o);
    if (channels.empty()) return 1;
    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<Echo::Stub>> stubs;
    std::vector<std::unique_ptr<Call<Message>>> calls;
    measurement_begin(&measured, o.warm_up, o.seconds, o.server);
    now = monotonic_ns();
    for (auto &channel : channels) {
        stubs.push_back(Echo::NewStub(channel));
        for (int index = 0; index < o.in_flight; index++) {
            calls.push_back(std::make_unique<Call<Message>>(*stubs.back(), queue, prepare, request));
            calls.back()->begin();
        }
    }
    void *tag;
    bool is_ok;
    while (measurement_goes_on(&measured, now) && queue.Next(&tag, &is_ok)) {
        now = monotonic_ns();
        if (!static_cast<Call<Message> *>(tag)->answered()) return 1;
    }
    // Without waiting for the calls that are still under way.
    _exit(0);
}

}  // namespace

int run_client(const Options &o) {
    if (o.message == "ping") return measure<stator::v1::ConsoleOutput>(o, &Echo::Stub::PrepareAsyncPing);
    if (o.message == "instance") return measure<stator::v1::Instance>(o, &Echo::Stub::PrepareAsyncEchoInstance);
    return 2;
}
