// Our tokenizer for the comparison with others: scripts/test-tokenizer, scripts/make-tokenizer-golden.
//
//     tokenizer_probe ids TOKENIZER DOCUMENTS IDS     encodes, and says how fast
//     tokenizer_probe json TOKENIZER OUT.json         writes tokenizer.json
//     tokenizer_probe train DOCUMENTS VOCABULARY OUT.model    learns a vocabulary, and says how fast
//
// TOKENIZER: what load_tokenizer() takes. DOCUMENTS: a file of documents, each a 64-bit little-endian length and as
// many bytes. IDS receives, for each document, the 64-bit number of its ids and the ids in 32 bits each. Exit code 1
// when something is wrong, also when ids do not decode to the document.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "text/bpe_trainer.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxInput = 1u << 30;

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

// Of this process's processor time, so that other programs do not count.
double seconds_since(std::clock_t start) { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

Status ids(Os& os, const Path& model, const Path& input, const Path& output) {
    auto start = std::clock();
    const Tokenizer tokenizer = CRIA_TRY(load_tokenizer(os, model));
    const double load_seconds = seconds_since(start);
    const std::string bytes = CRIA_TRY(read_text(os, input, kMaxInput));
    const auto documents = CRIA_TRY(cut_documents(bytes));
    std::vector<std::vector<TokenId>> all(documents.size());
    start = std::clock();
    for (std::size_t i = 0; i < documents.size(); ++i) tokenizer.encode(documents[i], all[i]);
    const double seconds = seconds_since(start);
    std::size_t bytes_in = 0, ids_out = 0;
    std::string out;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        if (tokenizer.decode(all[i]) != documents[i])
            return fail(ErrorKind::corrupt, "document {} does not decode to itself", i);
        const std::uint64_t count = all[i].size();
        bytes_in += documents[i].size();
        ids_out += count;
        put(out, &count, 1);
        put(out, all[i].data(), count);
    }
    fmt::print("{} documents, {} bytes, {} ids: {:.3f} s, {:.1f} MB/s, loaded in {:.0f} ms\n", documents.size(),
               bytes_in, ids_out, seconds, static_cast<double>(bytes_in) / 1e6 / seconds, load_seconds * 1e3);
    return write_atomically(os, output, out);
}

Status json(Os& os, const Path& model, const Path& output) {
    return write_atomically(os, output, write_tokenizer_json(CRIA_TRY(load_tokenizer(os, model))));
}

Status train(Os& os, const Path& input, std::size_t vocabulary, const Path& output) {
    const std::string bytes = CRIA_TRY(read_text(os, input, kMaxInput));
    const auto start = std::clock();
    BpeTrainer trainer({.vocabulary = vocabulary});
    for (const std::string_view document : CRIA_TRY(cut_documents(bytes))) trainer.add(document);
    const auto ranks = CRIA_TRY(trainer.train());
    fmt::print("{} tokens from {} bytes in {:.2f} s\n", ranks.size(), bytes.size(), seconds_since(start));
    return write_atomically(os, output, write_tiktoken_ranks(ranks));
}

Status run(const std::vector<std::string>& words) {
    Os& os = real_os();
    if (words.size() == 5 && words[1] == "ids") return ids(os, words[2], words[3], words[4]);
    if (words.size() == 4 && words[1] == "json") return json(os, words[2], words[3]);
    if (words.size() == 5 && words[1] == "train")
        return train(os, words[2], std::strtoull(words[3].c_str(), nullptr, 10), words[4]);
    return fail(ErrorKind::invalid_input, "the first lines of tests/tokenizer_probe.cpp say how to use this");
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    const auto done = cria::run({argv, argv + argc});
    if (!done) fmt::print(stderr, "tokenizer_probe: {}\n", done.error().message);
    return done ? 0 : 1;
}
