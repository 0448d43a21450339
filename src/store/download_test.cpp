// Downloads on good days, and with every call to the operating system failing once.
#include "store/download.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

// A server in memory: one body, whatever the address.
class FakeClient final : public HttpClient {
public:
    std::string body{};
    std::uint64_t announced = 0;  // the length that is told; 0: the body's
    std::vector<int> statuses{};  // of the first answers, before good ones come
    std::size_t break_after = 0;  // bytes after which each connection breaks; 0: never
    std::string retry_after{};
    int calls = 0;
    std::uint64_t sent = 0;

    Result<HttpReply> get(const HttpRequest& request, HttpSink sink) override {
        const std::lock_guard lock(mutex_);
        ++calls;
        if (!statuses.empty()) {
            HttpReply reply{.status = statuses.front(), .headers = {{"retry-after", retry_after}}};
            statuses.erase(statuses.begin());
            return reply;
        }
        const std::uint64_t total = announced != 0 ? announced : body.size();
        HttpReply reply{.status = 200, .headers = {{"content-length", std::to_string(total)}}};
        std::string_view part = body;
        if (request.first) {
            reply.status = 206;
            reply.headers["content-range"] = fmt::format("bytes {}-{}/{}", *request.first, *request.last, total);
            part =
                part.substr(std::min<std::uint64_t>(*request.first, part.size()), *request.last - *request.first + 1);
        }
        const bool breaks = break_after != 0 && part.size() > break_after;
        if (breaks) part = part.substr(0, break_after);
        for (; !part.empty(); part.remove_prefix(std::min<std::size_t>(part.size(), 700))) {
            const auto piece = part.substr(0, 700);
            CRIA_TRY(sink(reply, as_bytes(piece)));
            sent += piece.size();
        }
        if (breaks) return fail(ErrorKind::io, "the connection broke");
        return reply;
    }

private:
    std::mutex mutex_{};
};

std::string letters(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + (i * i + i / 7) % 26);
    return text;
}

Checksum sha256_of(const std::string& text) {
    const TempFolder folder;
    EXPECT_TRUE(write_atomically(real_os(), folder / "x", text));
    return {DigestKind::sha256,
            *file_digest(real_os(), folder / "x", DigestKind::sha256, [](std::uint64_t) { return true; })};
}

const DownloadOptions kQuick{.connections = 1,
                             .part_bytes = 1000,
                             .attempts = 3,
                             .first_wait = std::chrono::milliseconds(1),
                             .longest_wait = std::chrono::seconds(0)};

Error explain(const HttpReply& reply, const RemoteFile& file) {
    return {ErrorKind::not_found, fmt::format("{}: status {}", file.path, reply.status)};
}

Status download(Os& os, FakeClient& client, const TempFolder& folder, RemoteFile file,
                const DownloadOptions& options = kQuick) {
    return download_files(os, client, {std::move(file)}, folder / "models", options, explain,
                          [](const DownloadProgress& now) { EXPECT_LE(now.done, now.total); });
}

RemoteFile whole_file(const std::string& body) {
    return {.path = "deep/file.bin", .url = "x", .bytes = body.size(), .checksum = sha256_of(body)};
}

std::string arrived(const TempFolder& folder) {
    const auto text = read_text(real_os(), folder / "models/deep/file.bin", 1 << 20);
    return text ? *text : "";
}

TEST(Digest, KnownSums) {
    const TempFolder folder;
    ASSERT_TRUE(write_atomically(real_os(), folder / "x", std::string_view("abc")));
    const auto sum = [&](DigestKind kind) {
        return *file_digest(real_os(), folder / "x", kind, [](std::uint64_t) { return true; });
    };
    // FIPS 180-4 and RFC 1321; the last is what `git hash-object` says.
    EXPECT_EQ(sum(DigestKind::sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sum(DigestKind::md5), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(sum(DigestKind::git_blob), "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f");
    EXPECT_EQ(checksum_of_hex("900150983CD24FB0D6963F7D28E17F72").kind, DigestKind::md5);
    EXPECT_EQ(checksum_of_hex("900150983cd24fb0d6963f7d28e17fzz").kind, DigestKind::none);
}

TEST(Download, PartsAndConnections) {
    for (const int connections : {1, 4}) {
        for (const std::size_t bytes : {0, 1, 999, 1000, 1001, 12'345}) {
            const TempFolder folder;
            FakeClient client;
            client.body = letters(bytes);
            DownloadOptions options = kQuick;
            options.connections = connections;
            ASSERT_TRUE(download(real_os(), client, folder, whole_file(client.body), options)) << bytes;
            EXPECT_EQ(arrived(folder), client.body);
            EXPECT_EQ(real_os().list(folder / "models/deep")->size(), 1u);  // nothing else is left
            const int calls = client.calls;
            ASSERT_TRUE(download(real_os(), client, folder, whole_file(client.body), options));
            EXPECT_EQ(client.calls, calls);  // what is here is not asked for again
        }
    }
}

TEST(Download, UnknownSizesAreAsked) {
    const TempFolder folder;
    FakeClient client;
    client.body = letters(5000);
    RemoteFile file = whole_file(client.body);
    file.bytes.reset();
    ASSERT_TRUE(download(real_os(), client, folder, file));
    EXPECT_EQ(arrived(folder), client.body);
}

TEST(Download, BrokenConnectionsGoOnWhereTheyBroke) {
    const TempFolder folder;
    FakeClient client;
    client.body = letters(5000);
    client.break_after = 300;
    ASSERT_TRUE(download(real_os(), client, folder, whole_file(client.body)));
    EXPECT_EQ(arrived(folder), client.body);
    EXPECT_LE(client.sent, 5000u + 1);
}

TEST(Download, BusyServersAreAskedAgain) {
    const TempFolder folder;
    FakeClient client;
    client.body = letters(10);
    client.statuses = {429, 503};
    client.retry_after = "100000";
    EXPECT_TRUE(download(real_os(), client, folder, whole_file(client.body)));
    client.statuses = {500, 500, 500};
    const TempFolder other;
    const Status gave_up = download(real_os(), client, other, whole_file(client.body));
    ASSERT_FALSE(gave_up);
    EXPECT_EQ(gave_up.error().message, "deep/file.bin: status 500");
    client.statuses = {404};
    EXPECT_EQ(download(real_os(), client, other, whole_file(client.body)).error().kind, ErrorKind::not_found);
}

TEST(Download, LiesAreNoticed) {
    const TempFolder folder;
    FakeClient client;
    client.body = letters(3000);
    RemoteFile file = whole_file(client.body);
    file.checksum.hex[0] = file.checksum.hex[0] == '0' ? '1' : '0';
    EXPECT_EQ(download(real_os(), client, folder, file).error().kind, ErrorKind::corrupt);
    file = whole_file(client.body);
    file.bytes = 2999;
    EXPECT_EQ(download(real_os(), client, folder, file).error().kind, ErrorKind::corrupt);
    for (const char* path : {"../x", "/x", "a/../../x", "a\\..\\x", "", "a//b/", "."}) {
        file = whole_file(client.body);
        file.path = path;
        EXPECT_EQ(download(real_os(), client, folder, file).error().kind, ErrorKind::corrupt) << path;
    }
    EXPECT_EQ(arrived(folder), "");
    client.announced = std::uint64_t{1} << 60;
    file = whole_file(client.body);
    file.bytes = client.announced;
    const int before = client.calls;
    DownloadOptions options = kQuick;
    options.part_bytes = std::uint64_t{1} << 50;
    EXPECT_EQ(download(real_os(), client, folder, file, options).error().kind, ErrorKind::no_space);
    EXPECT_EQ(client.calls, before + 1);  // for the size; no byte was fetched
}

// Whatever call fails, no bad file stands under a good name, and the next attempt completes it.
TEST(Download, EveryFaultLeavesItGoodOrAbsent) {
    FakeClient client;
    client.body = letters(3500);
    for (std::uint64_t call = 1;; ++call) {
        ASSERT_LT(call, 500u);
        const TempFolder folder;
        FaultyOs os(real_os(), {.fail_at_call = call});
        const Status first = download(os, client, folder, whole_file(client.body));
        EXPECT_TRUE(arrived(folder).empty() || arrived(folder) == client.body) << call;
        ASSERT_TRUE(download(real_os(), client, folder, whole_file(client.body))) << call;
        EXPECT_EQ(arrived(folder), client.body);
        if (os.calls() < call) break;
    }
    const TempFolder folder;
    FaultyOs os(real_os(), {.disk_bytes = 2000});
    const Status full = download(os, client, folder, whole_file(client.body));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::no_space);
    const std::uint64_t sent = client.sent;
    ASSERT_TRUE(download(real_os(), client, folder, whole_file(client.body)));
    EXPECT_LT(client.sent - sent, 3500u);  // the part that was complete is kept
}

}  // namespace
}  // namespace cria
