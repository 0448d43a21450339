// Any bytes through a small vocabulary: they come back exactly, no control token appears, and the stream of text is
// well-formed and the same however the ids are made.
#include <cstdint>

#include "base/assert.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_files.h"
#include "text/unicode.h"

namespace {

using namespace cria;

const Tokenizer& tokenizer() {
    static const Tokenizer made = [] {
        BpeTrainer trainer({.vocabulary = 400});
        for (int i = 0; i < 2; ++i)
            trainer.add(
                "The llama's here, 12345 of them!\n\n  int x = 0;\r\n caf\u00e9 \u4f60\u597d "
                "\u041f\u0440\u0438\u0432\u0435\u0442 \U0001f999");
        auto ranks = *trainer.train();
        auto specials = llama3_specials(ranks.size());
        return *Tokenizer::create(std::move(ranks), std::move(specials));
    }();
    return made;
}

std::string streamed(const std::vector<TokenId>& ids) {
    StreamDecoder decoder(tokenizer());
    std::string text;
    for (const TokenId id : ids) {
        const std::string part = decoder.push(id);
        CRIA_ASSERT(valid_utf8_prefix(part) == part.size());
        text += part;
    }
    return text + decoder.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::vector<TokenId> ids = tokenizer().encode(bytes);
    CRIA_ASSERT(tokenizer().decode(ids) == bytes);
    CRIA_ASSERT(tokenizer().decode(tokenizer().encode_with_specials(bytes)) == bytes);
    for (const TokenId id : ids) CRIA_ASSERT(!tokenizer().is_special(id));
    const std::vector<TokenId> singles(data, data + size);  // the trainer's first 256 tokens are the bytes in order
    CRIA_ASSERT(streamed(ids) == streamed(singles));
    return 0;
}
