#include "options.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "echo.grpc.pb.h"

// One completion queue, one thread: what a careful user of gRPC's asynchronous interface writes for one core. A call's
// objects are made anew for each call, as gRPC demands of contexts; the decoded message itself is encoded again.

namespace {

using stator::bench::Echo;

struct Event {
    virtual ~Event() = default;
    virtual void proceed(bool is_ok) = 0;
};

template <typename Message>
class Call final : public Event {
public:
    using Request = void (Echo::AsyncService::*)(
        grpc::ServerContext *, Message *, grpc::ServerAsyncResponseWriter<Message> *, grpc::CompletionQueue *,
        grpc::ServerCompletionQueue *, void *);

    Call(Echo::AsyncService &service, grpc::ServerCompletionQueue &queue, Request request)
        : service(service), queue(queue), request(request), writer(&context) {
        (service.*request)(&context, &message, &writer, &queue, &queue, this);
    }

    void proceed(bool is_ok) override {
        if (!is_ok || is_answered) {
            delete this;
            return;
        }
        new Call(service, queue, request);
        is_answered = true;
        writer.Finish(message, grpc::Status::OK, this);
    }

private:
    Echo::AsyncService &service;
    grpc::ServerCompletionQueue &queue;
    Request request;
    grpc::ServerContext context;
    Message message;
    grpc::ServerAsyncResponseWriter<Message> writer;
    bool is_answered = false;
};

std::shared_ptr<grpc::ServerCredentials> credentials(const Options &o) {
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = file_contents(o.certificates + "/ca.crt");
    tls.pem_key_cert_pairs.push_back(
        {file_contents(o.certificates + "/conductor-bench.key"),
         file_contents(o.certificates + "/conductor-bench.crt")});
    return grpc::SslServerCredentials(tls);
}

}  // namespace

int run_server(const Options &o) {
    Echo::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(o.port), credentials(o), &port);
    builder.RegisterService(&service);
    builder.AddChannelArgument(GRPC_ARG_MINIMAL_STACK, 1);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1000);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server || port == 0) {
        std::fputs("cannot serve\n", stderr);
        return 1;
    }
    // As many calls as arrive at once find an object that waits for them.
    for (int index = 0; index < 512; index++) {
        new Call<stator::v1::ConsoleOutput>(service, *queue, &Echo::AsyncService::RequestPing);
        new Call<stator::v1::Instance>(service, *queue, &Echo::AsyncService::RequestEchoInstance);
    }
    // Whoever started the server is gone.
    std::thread([] {
        char byte;
        while (read(STDIN_FILENO, &byte, 1) > 0) {
        }
        std::_Exit(0);
    }).detach();
    std::printf("listening %d\n", port);
    std::fflush(stdout);
    void *tag;
    bool is_ok;
    while (queue->Next(&tag, &is_ok)) static_cast<Event *>(tag)->proceed(is_ok);
    return 0;
}
