// HTTP for those who fetch files: a thin layer over libcurl.
//
// Proxies are taken from the usual variables (https_proxy, no_proxy), certificates from the system or SSL_CERT_FILE.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"

namespace cria {

struct HttpRequest {
    std::string url;
    std::vector<std::string> headers{};            // "Name: value"; not sent on when a redirect leads to another host
    std::optional<std::uint64_t> first{}, last{};  // bytes of the body, both included (RFC 9110, section 14)
};

struct HttpReply {
    int status = 0;
    std::map<std::string, std::string> headers{};  // names in lower case, of the last answer after redirects
    // The header's value, empty where it is not there.
    std::string_view header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    }
};

// Gets the body piece by piece, whatever the status is. An error ends the transfer and is what `get` returns.
using HttpSink = FunctionRef<Status(const HttpReply& reply, std::span<const std::byte> bytes)>;

class HttpClient {
public:
    virtual ~HttpClient() = default;
    // GET; follows redirects, from https to https only. Any complete answer is a reply, 404 too.
    // Errors: io where no complete answer came (a host that is unknown, a broken or stalled connection),
    // cancelled when the stop flag was set, invalid_input for a URL that makes no sense.
    // May be called from several threads; each call has a connection of its own.
    virtual Result<HttpReply> get(const HttpRequest& request, HttpSink sink) = 0;
};

struct HttpOptions {
    std::chrono::seconds connect{20};           // to wait for a connection
    std::chrono::seconds stall{30};             // without a byte before a transfer counts as broken
    const std::atomic<bool>* stop = nullptr;    // ends transfers when it becomes true
    std::optional<std::string> certificates{};  // a file of trusted certificates; default: the system's
};
std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options);

// A whole body of at most `max_bytes`; more is an error of kind corrupt.
struct HttpText {
    HttpReply reply;
    std::string body;
};
Result<HttpText> get_text(HttpClient& client, const HttpRequest& request, std::size_t max_bytes);

// "a b/ü" -> "a%20b%2F%C3%BC": all but letters, digits and -._~ (RFC 3986, section 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace cria
