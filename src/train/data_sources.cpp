// The kinds of data sources: the office world, made on the fly, and files of JSON lines.
#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "demo/office.h"
#include "train/copy_source.h"
#include "train/data.h"

namespace cria {
namespace {

constexpr std::uint64_t kShuffle = 0x7368'7566'666c'6521;
constexpr std::uint64_t kMaxLineBytes = 64u << 20;

class OfficeSource final : public DataSource {
public:
    OfficeSource(OfficeOptions options, std::uint64_t seed, float prompt_weight)
        : options_(std::move(options)), seed_(seed), prompt_weight_(prompt_weight) {}

    Status texts(std::uint64_t index, FunctionRef<void(std::string_view)> sink) override {
        return document_texts(raw(Split::train, index), sink);
    }
    Status prepare(const Tokenizer& tokenizer, std::int64_t, std::int64_t held_out) override {
        tokenizer_ = &tokenizer;
        held_out_ = static_cast<std::uint64_t>(held_out);
        return {};
    }
    Result<Document> training(std::uint64_t index) override {
        return conversation_document(*tokenizer_, raw(Split::train, index), prompt_weight_);
    }
    Result<std::vector<Document>> held_out() override {
        std::vector<Document> documents;
        for (std::uint64_t i = 0; i < held_out_; ++i)
            documents.push_back(CRIA_TRY(conversation_document(*tokenizer_, raw(Split::held_out, i))));
        return documents;
    }

private:
    RawDocument raw(Split split, std::uint64_t index) const {
        OfficeOptions options = options_;
        options.split = split;
        OfficeSample sample = make_office_sample(options, seed_, index);
        return {std::move(sample.messages), std::move(sample.tools)};
    }

    OfficeOptions options_;
    std::uint64_t seed_;
    float prompt_weight_;
    const Tokenizer* tokenizer_ = nullptr;
    std::uint64_t held_out_ = 0;
};

// The documents of a file, in memory. Each epoch goes through all of them in an order of its own.
class JsonLinesSource final : public DataSource {
public:
    JsonLinesSource(std::vector<RawDocument> raw, std::string who, std::uint64_t seed, float prompt_weight)
        : raw_(std::move(raw)), who_(std::move(who)), seed_(seed), prompt_weight_(prompt_weight) {}

    Status texts(std::uint64_t index, FunctionRef<void(std::string_view)> sink) override {
        return document_texts(raw_[order(index, raw_.size())], sink);
    }
    Status prepare(const Tokenizer& tokenizer, std::int64_t context, std::int64_t held_out) override;
    Result<Document> training(std::uint64_t index) override { return documents_[order(index, documents_.size())]; }
    Result<std::vector<Document>> held_out() override { return held_out_; }

private:
    std::size_t order(std::uint64_t index, std::size_t count);

    std::vector<RawDocument> raw_;
    std::string who_;
    std::uint64_t seed_;
    float prompt_weight_;
    std::vector<Document> documents_;
    std::vector<Document> held_out_;
    std::uint64_t epoch_ = 0;
    std::vector<std::size_t> permutation_;  // of epoch_
};

std::size_t JsonLinesSource::order(std::uint64_t index, std::size_t count) {
    const std::uint64_t epoch = index / count;
    if (permutation_.size() != count || epoch_ != epoch) {
        permutation_.resize(count);
        std::iota(permutation_.begin(), permutation_.end(), std::size_t{0});
        Random random(seed_ ^ kShuffle, epoch);
        for (std::size_t i = count; i > 1; --i)
            std::swap(permutation_[i - 1], permutation_[random.below(static_cast<std::uint32_t>(i))]);
        epoch_ = epoch;
    }
    return permutation_[index % count];
}

Status JsonLinesSource::prepare(const Tokenizer& tokenizer, std::int64_t context, std::int64_t held_out) {
    // At most a tenth of the file, from its end, is held out.
    const std::size_t kept = raw_.size() - std::min(static_cast<std::size_t>(held_out), raw_.size() / 10);
    for (std::size_t i = 0; i < raw_.size(); ++i) {
        std::vector<Document>& target = i < kept ? documents_ : held_out_;
        if (raw_[i].messages.empty()) {
            for (Document& document : CRIA_TRY(text_documents(tokenizer, raw_[i].text, context)))
                target.push_back(std::move(document));
        } else {
            target.push_back(CRIA_TRY(conversation_document(tokenizer, raw_[i], i < kept ? prompt_weight_ : 0)));
        }
    }
    raw_.clear();
    if (documents_.size() > UINT32_MAX)
        return fail(ErrorKind::unsupported, "{}: {} documents; at most {} are shuffled", who_, documents_.size(),
                    UINT32_MAX);
    return {};
}

Result<std::vector<RawDocument>> read_json_lines(Os& os, const Path& path) {
    const auto mapping = CRIA_TRY(os.map(path));
    std::string_view rest(reinterpret_cast<const char*>(mapping->bytes().data()), mapping->bytes().size());
    std::vector<RawDocument> documents;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const std::string who = fmt::format("{} line {}", path.string(), number);
        auto document = raw_document_from_json(CRIA_TRY(parse_ordered_json(line, who, {.max_bytes = kMaxLineBytes})));
        if (!document) return prefix(who, std::move(document).error());
        documents.push_back(std::move(*document));
    }
    if (documents.empty()) return fail(ErrorKind::invalid_input, "{}: no documents in it", path.string());
    return documents;
}

Result<OfficeOptions> office_options(const DataRecipe& recipe) {
    OfficeOptions options;
    options.short_samples = static_cast<std::uint64_t>(recipe.short_samples);
    options.hard = recipe.hard;
    if (recipe.languages.empty()) return options;
    options.languages.clear();
    for (const auto& [code, weight] : recipe.languages) {
        const auto known = std::ranges::find(kLanguages, code, [](Language l) { return language_pack(l).code; });
        if (known == kLanguages.end())
            return fail(ErrorKind::invalid_input,
                        "data.office.languages: '{}' is no language of the office; en, de, fr, it, pt, hi, es, th are",
                        code);
        if (weight > 0) options.languages.emplace_back(*known, weight);
    }
    if (options.languages.empty()) return fail(ErrorKind::invalid_input, "data.office.languages: all weights are 0");
    return options;
}

}  // namespace

Result<std::unique_ptr<DataSource>> open_source(Os& os, const DataRecipe& recipe, std::uint64_t seed) {
    const auto prompt_weight = static_cast<float>(recipe.prompt_weight);
    if (recipe.kind == DataRecipe::Kind::office)
        return std::make_unique<OfficeSource>(CRIA_TRY(office_options(recipe)), recipe.seed, prompt_weight);
    if (recipe.kind == DataRecipe::Kind::copy) return make_copy_source(recipe);
    return std::make_unique<JsonLinesSource>(CRIA_TRY(read_json_lines(os, recipe.path)), recipe.path.string(), seed,
                                             prompt_weight);
}

}  // namespace cria
