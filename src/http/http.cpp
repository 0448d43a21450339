#include "http/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <mutex>

#include "base/strings.h"

namespace cria {
namespace {

constexpr long kMaxRedirects = 10;

struct CurlDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CurlDeleter>;
using List = std::unique_ptr<curl_slist, CurlDeleter>;

// One GET on its way.
class Transfer {
public:
    Transfer(CURL* handle, HttpSink sink, const std::atomic<bool>* stop) : handle_(handle), sink_(sink), stop_(stop) {}

    static std::size_t on_header(char* data, std::size_t, std::size_t bytes, void* self) {
        static_cast<Transfer*>(self)->header({data, bytes});
        return bytes;
    }
    static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self) {
        return static_cast<Transfer*>(self)->body({data, bytes}) ? bytes : 0;
    }
    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<Transfer*>(self)->stopped() ? 1 : 0;
    }

    Result<HttpReply> outcome(CURLcode code, const std::string& url, const char* detail) {
        if (sink_error_) return std::unexpected(*sink_error_);
        if (stopped()) return fail(ErrorKind::cancelled, "stopped");
        if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
            return fail(ErrorKind::invalid_input, "'{}' is no http or https address", url);
        if (code != CURLE_OK)
            return fail(ErrorKind::io, "{}: {}", host_of(url), *detail != '\0' ? detail : curl_easy_strerror(code));
        note_status();
        return reply_;
    }

private:
    static std::string host_of(const std::string& url) {
        const std::size_t start = url.find("://") == url.npos ? 0 : url.find("://") + 3;
        return url.substr(start, url.find_first_of("/?", start) - start);
    }

    bool stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

    void note_status() {
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        reply_.status = static_cast<int>(status);
    }

    void header(std::string_view line) {
        if (line.starts_with("HTTP/")) reply_.headers.clear();  // of the next answer in a row of redirects
        const std::size_t colon = line.find(':');
        if (colon != line.npos)
            reply_.headers[lower_ascii(line.substr(0, colon))] = std::string(trimmed(line.substr(colon + 1)));
    }

    bool body(std::string_view bytes) {
        note_status();
        const auto taken = sink_(reply_, std::as_bytes(std::span(bytes)));
        if (!taken) sink_error_ = taken.error();
        return taken.has_value();
    }

    CURL* handle_;
    HttpSink sink_;
    const std::atomic<bool>* stop_;
    HttpReply reply_{};
    std::optional<Error> sink_error_{};
};

class CurlClient final : public HttpClient {
public:
    explicit CurlClient(const HttpOptions& options) : options_(options) {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    }

    Result<HttpReply> get(const HttpRequest& request, HttpSink sink) override {
        const Handle handle(curl_easy_init());
        if (!handle) return fail(ErrorKind::out_of_memory, "no memory for a connection");
        Transfer transfer(handle.get(), sink, options_.stop);
        char detail[CURL_ERROR_SIZE] = "";
        set(handle.get(), CURLOPT_ERRORBUFFER, &detail[0]);
        const List headers = set_request(handle.get(), request);
        set_limits(handle.get());
        set(handle.get(), CURLOPT_HEADERFUNCTION, &Transfer::on_header);
        set(handle.get(), CURLOPT_HEADERDATA, &transfer);
        set(handle.get(), CURLOPT_WRITEFUNCTION, &Transfer::on_body);
        set(handle.get(), CURLOPT_WRITEDATA, &transfer);
        set(handle.get(), CURLOPT_NOPROGRESS, 0L);
        set(handle.get(), CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
        set(handle.get(), CURLOPT_XFERINFODATA, &transfer);
        const CURLcode code = curl_easy_perform(handle.get());
        return transfer.outcome(code, request.url, &detail[0]);
    }

private:
    template <class T>
    static void set(CURL* handle, CURLoption option, T value) {
        curl_easy_setopt(handle, option, value);
    }

    List set_request(CURL* handle, const HttpRequest& request) const {
        curl_slist* list = nullptr;
        for (const std::string& header : request.headers) list = curl_slist_append(list, header.c_str());
        List headers(list);
        set(handle, CURLOPT_URL, request.url.c_str());
        set(handle, CURLOPT_HTTPHEADER, headers.get());
        set(handle, CURLOPT_USERAGENT, "cria");
        if (request.first || request.last) {
            const std::string range = fmt::format("{}-{}", request.first.value_or(0),
                                                  request.last ? std::to_string(*request.last) : std::string());
            set(handle, CURLOPT_RANGE, range.c_str());  // copied
        }
        const char* protocols = request.url.starts_with("https:") ? "https" : "https,http";
        set(handle, CURLOPT_PROTOCOLS_STR, "https,http");
        set(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
        set(handle, CURLOPT_FOLLOWLOCATION, 1L);
        set(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
        return headers;
    }

    void set_limits(CURL* handle) const {
        set(handle, CURLOPT_NOSIGNAL, 1L);
        set(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect.count()));
        set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall.count()));
        if (options_.certificates) set(handle, CURLOPT_CAINFO, options_.certificates->c_str());
    }

    HttpOptions options_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options) {
    return std::make_unique<CurlClient>(options);
}

Result<HttpText> get_text(HttpClient& client, const HttpRequest& request, std::size_t max_bytes) {
    HttpText text;
    text.reply = CRIA_TRY(client.get(request, [&](const HttpReply&, std::span<const std::byte> bytes) -> Status {
        if (bytes.size() > max_bytes - text.body.size())
            return fail(ErrorKind::corrupt, "{} sends more than {} bytes", request.url, max_bytes);
        text.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }));
    return text;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char byte : text) {
        const bool plain =
            std::isalnum(static_cast<unsigned char>(byte)) != 0 || std::string_view("-._~").contains(byte);
        if (plain && static_cast<unsigned char>(byte) < 0x80)
            encoded += byte;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    return encoded;
}

}  // namespace cria
