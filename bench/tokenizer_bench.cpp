// Encodes documents with a tokenizer, and says how fast.
//
//     tokenizer_bench TOKENIZER DOCUMENTS [IDS]
//
// TOKENIZER: what load_tokenizer() takes. DOCUMENTS: a file of documents, each a 64-bit little-endian length and as
// many bytes. IDS receives, for each document, the 64-bit number of its ids and the ids in 32 bits each, so that
// scripts/test-tokenizer can compare them. Exit code 1 when something is wrong, also when ids do not decode to
// the document.
#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "text/tokenizer_files.h"

namespace cria {
namespace {

Result<std::vector<std::string_view>> cut_documents(std::string_view bytes) {
    std::vector<std::string_view> documents;
    while (!bytes.empty()) {
        std::uint64_t length = 0;
        if (bytes.size() < sizeof length) return fail(ErrorKind::corrupt, "the documents end inside a length");
        std::memcpy(&length, bytes.data(), sizeof length);
        bytes.remove_prefix(sizeof length);
        if (bytes.size() < length) return fail(ErrorKind::corrupt, "the documents end inside one of {} bytes", length);
        documents.push_back(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    return documents;
}

template <class T>
void put(std::string& out, const T* values, std::size_t count) {
    out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

Status run(Os& os, const Path& model, const Path& input, const Path& output) {
    const auto load_start = os.monotonic();
    const Tokenizer tokenizer = CRIA_TRY(load_tokenizer(os, model));
    const auto load_end = os.monotonic();
    const std::string bytes = CRIA_TRY(read_text(os, input, 1u << 30));
    const auto documents = CRIA_TRY(cut_documents(bytes));
    std::vector<std::vector<TokenId>> all(documents.size());
    const auto start = os.monotonic();
    for (std::size_t i = 0; i < documents.size(); ++i) tokenizer.encode(documents[i], all[i]);
    const double seconds = std::chrono::duration<double>(os.monotonic() - start).count();
    std::size_t bytes_in = 0, ids_out = 0;
    std::string out;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        if (tokenizer.decode(all[i]) != documents[i]) return fail(ErrorKind::corrupt, "document {} does not decode to itself", i);
        const std::uint64_t count = all[i].size();
        bytes_in += documents[i].size();
        ids_out += count;
        put(out, &count, 1);
        put(out, all[i].data(), count);
    }
    fmt::print("{} documents, {} bytes, {} ids: {:.2f} s, {:.1f} MB/s (loaded in {:.0f} ms)\n", documents.size(), bytes_in,
               ids_out, seconds, static_cast<double>(bytes_in) / 1e6 / seconds,
               std::chrono::duration<double, std::milli>(load_end - load_start).count());
    return output.empty() ? Status() : write_atomically(os, output, out);
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        fmt::print(stderr, "use: tokenizer_bench TOKENIZER DOCUMENTS [IDS]\n");
        return 2;
    }
    const auto done = cria::run(cria::real_os(), argv[1], argv[2], argc == 4 ? argv[3] : "");
    if (!done) fmt::print(stderr, "tokenizer_bench: {}\n", done.error().message);
    return done ? 0 : 1;
}
