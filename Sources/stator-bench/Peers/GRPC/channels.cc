#include "channels.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <unistd.h>

#include <cstdio>

namespace {

// Stator's certificates name no host, so that gRPC must not look for one in them; the chain is verified.
std::shared_ptr<grpc::ChannelCredentials> credentials(const Options &o) {
    using namespace grpc::experimental;
    std::vector<IdentityKeyCertPair> identity = {
        {file_contents(o.certificates + "/compute-bench.key"), file_contents(o.certificates + "/compute-bench.crt")}};
    TlsChannelCredentialsOptions tls;
    tls.set_certificate_provider(
        std::make_shared<StaticDataCertificateProvider>(file_contents(o.certificates + "/ca.crt"), identity));
    tls.watch_root_certs();
    tls.watch_identity_key_cert_pairs();
    tls.set_verify_server_certs(true);
    tls.set_check_call_host(false);
    tls.set_certificate_verifier(std::make_shared<NoOpCertificateVerifier>());
    return TlsCredentials(tls);
}

}  // namespace

std::vector<std::shared_ptr<grpc::Channel>> connect_all(const Options &o) {
    grpc::ChannelArguments arguments;
    // Without it channels to one address share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
    auto shared = credentials(o);
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    for (int index = 0; index < o.connections; index++) {
        auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(o.port), shared, arguments);
        if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
            std::fputs("the server does not answer\n", stderr);
            return {};
        }
        channels.push_back(channel);
    }
    return channels;
}

int run_idle(const Options &o) {
    auto channels = connect_all(o);
    if (channels.empty()) return 1;
    std::puts("ready");
    std::fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
}
