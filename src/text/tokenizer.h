// Byte-level BPE with Llama 3's split rule: bytes to ids and back.
//
// A Tokenizer is immutable after loading; all methods may be called from several threads.
// Encoding takes time linear in the text (times the logarithm of the longest piece), whatever the text.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"

namespace cria {

using TokenId = std::int32_t;
class Bpe;

class Tokenizer {
public:
    // Ordinary tokens are ranks 0..n-1 (their bytes, in merge order); specials are named control tokens
    // with ids of their own at or above n, e.g. {"<|begin_of_text|>", 128000}. Fails when one of the 256 single
    // bytes has no token, something is empty, twice or too long, or ids collide; limits in bpe.h.
    static Result<Tokenizer> create(std::vector<std::string> ranks, std::map<std::string, TokenId> specials);

    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

    // Appends the ids of `bytes` (any bytes, also invalid UTF-8). The spelling of a control token is
    // ordinary text here: no control id is ever produced.
    void encode(std::string_view bytes, std::vector<TokenId>& ids) const;
    std::vector<TokenId> encode(std::string_view bytes) const;
    // The same, but spellings of control tokens become their ids. For text that we wrote ourselves.
    std::vector<TokenId> encode_with_specials(std::string_view bytes) const;

    // The exact bytes of an id: of a control token, its name. Empty for an id that has none.
    std::string_view bytes_of(TokenId id) const;
    std::string decode(std::span<const TokenId> ids, bool with_specials = true) const;

    // One more than the largest id.
    TokenId size() const;
    std::optional<TokenId> special(std::string_view name) const;
    bool is_special(TokenId id) const;
    const std::vector<std::string>& ranks() const;
    const std::map<std::string, TokenId>& specials() const;
    const Bpe& bpe() const;  // the merges of one piece (text/bpe.h)

private:
    struct Data;
    explicit Tokenizer(std::unique_ptr<const Data> data);
    std::unique_ptr<const Data> data_;
};

// Turns a stream of ids into text that never ends inside a UTF-8 sequence. Invalid bytes become U+FFFD,
// as soon as it is certain that they are invalid.
class StreamDecoder {
public:
    explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
    std::string push(TokenId id);  // the text that became complete; control tokens give nothing
    std::string finish();          // what is left, incomplete bytes as U+FFFD

private:
    const Tokenizer& tokenizer_;
    std::string pending_;
};

}  // namespace cria
