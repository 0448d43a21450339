// Llama 3's control tokens, and finding a tokenizer among a model's files.
#include "text/tokenizer_files.h"

#include <array>

namespace cria {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64u << 20;

// The name of control token `index` where it is not a reserved one; empty where it is.
std::string_view special_name(std::size_t index, Llama3Names names) {
    constexpr std::array<std::string_view, 11> kShared = {
        "begin_of_text", "end_of_text", "",       "",          "finetune_right_pad_id", "", "start_header_id",
        "end_header_id", "eom_id",      "eot_id", "python_tag"};
    if (index == 5 && names != Llama3Names::hugging_face) return "step_id";
    if (index == 11 && names == Llama3Names::meta) return "image";
    if (index == 256) return "image";
    return index < kShared.size() ? kShared[index] : std::string_view();
}

}  // namespace

std::map<std::string, TokenId> llama3_specials(std::size_t ordinary, Llama3Names names) {
    std::map<std::string, TokenId> specials;
    const std::size_t count = names == Llama3Names::hugging_face_vision ? 257 : 256;
    int reserved = 0;
    for (std::size_t index = 0; index < count; ++index) {
        const std::string_view name = special_name(index, names);
        specials.emplace(
            name.empty() ? fmt::format("<|reserved_special_token_{}|>", reserved++) : fmt::format("<|{}|>", name),
            static_cast<TokenId>(ordinary + index));
    }
    return specials;
}

namespace {

Result<Tokenizer> load_file(Os& os, const Path& file) {
    const std::string who = file.string();
    const std::string text = CRIA_TRY(read_text(os, file, kMaxFileBytes));
    if (file.extension() == ".json") return parse_tokenizer_json(text, who);
    std::vector<std::string> ranks = CRIA_TRY(parse_tiktoken_ranks(text, who));
    auto specials = llama3_specials(ranks.size());
    auto tokenizer = Tokenizer::create(std::move(ranks), std::move(specials));
    if (!tokenizer) return prefix(who, std::move(tokenizer).error());
    return tokenizer;
}

}  // namespace

Result<Tokenizer> load_tokenizer(Os& os, const Path& path) {
    if (!CRIA_TRY(os.info(path)).is_folder) return load_file(os, path);
    for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
        const auto info = os.info(path / name);
        if (info) return load_file(os, path / name);
        if (info.error().kind != ErrorKind::not_found) return std::unexpected(info.error());
    }
    return fail(ErrorKind::not_found,
                "{} holds neither tokenizer.json nor tokenizer.model; one of them comes with a model", path.string());
}

}  // namespace cria
