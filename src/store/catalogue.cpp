#include "store/catalogue.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace cria {
namespace {

using Model = CatalogueModel;

constexpr std::array kModels{
    Model{"Llama3.2-1B", "meta-llama/Llama-3.2-1B", "llama3.2", "1b-text", 1, true, "small base model"},
    Model{"Llama3.2-3B", "meta-llama/Llama-3.2-3B", "llama3.2", "3b-text", 1, true, "small base model"},
    Model{"Llama3.2-1B-Instruct", "meta-llama/Llama-3.2-1B-Instruct", "llama3.2", "1b-instruct", 1, true,
          "small model for chats and tools"},
    Model{"Llama3.2-3B-Instruct", "meta-llama/Llama-3.2-3B-Instruct", "llama3.2", "3b-instruct", 1, true,
          "small model for chats and tools"},
    Model{"Llama3.2-1B-Instruct:int4-qlora-eo8", "meta-llama/Llama-3.2-1B-Instruct-QLORA_INT4_EO8", "llama3.2",
          "1b-instruct-qlora", 1, true, "4-bit, trained for it"},
    Model{"Llama3.2-1B-Instruct:int4-spinquant-eo8", "meta-llama/Llama-3.2-1B-Instruct-SpinQuant_INT4_EO8", "llama3.2",
          "1b-instruct-spinquant", 1, true, "4-bit, rotated"},
    Model{"Llama3.2-3B-Instruct:int4-qlora-eo8", "meta-llama/Llama-3.2-3B-Instruct-QLORA_INT4_EO8", "llama3.2",
          "3b-instruct-qlora", 1, true, "4-bit, trained for it"},
    Model{"Llama3.2-3B-Instruct:int4-spinquant-eo8", "meta-llama/Llama-3.2-3B-Instruct-SpinQuant_INT4_EO8", "llama3.2",
          "3b-instruct-spinquant", 1, true, "4-bit, rotated"},
    Model{"Llama3.2-11B-Vision", "meta-llama/Llama-3.2-11B-Vision", "llama3.2-vision", "11b-text", 1, false,
          "reads pictures, base"},
    Model{"Llama3.2-90B-Vision", "meta-llama/Llama-3.2-90B-Vision", "llama3.2-vision", "90b-text", 8, false,
          "reads pictures, base"},
    Model{"Llama3.2-11B-Vision-Instruct", "meta-llama/Llama-3.2-11B-Vision-Instruct", "llama3.2-vision", "11b-instruct",
          1, false, "reads pictures"},
    Model{"Llama3.2-90B-Vision-Instruct", "meta-llama/Llama-3.2-90B-Vision-Instruct", "llama3.2-vision", "90b-instruct",
          8, false, "reads pictures"},
    Model{"Llama-Guard-3-1B", "meta-llama/Llama-Guard-3-1B", "llama-guard3", "1b", 1, true, "judges messages"},
    Model{"Llama-Guard-3-1B:int4", "meta-llama/Llama-Guard-3-1B-INT4", "llama-guard3", "1b-int4", 1, false,
          "judges messages, pruned, 4-bit"},
    Model{"Llama-Guard-3-8B", "meta-llama/Llama-Guard-3-8B", "llama-guard3", "8b", 1, true, "judges messages"},
    Model{"Llama-Guard-3-8B:int8", "meta-llama/Llama-Guard-3-8B-INT8", "llama-guard3", "8b-int8", 1, false,
          "judges messages, 8-bit"},
    Model{"Llama-Guard-3-11B-Vision", "meta-llama/Llama-Guard-3-11B-Vision", "llama-guard3", "11b-vision", 1, false,
          "judges messages and pictures"},
    Model{"Llama3.1-8B", "meta-llama/Llama-3.1-8B", "llama3.1", "8b-text", 1, true, "base model"},
    Model{"Llama3.1-70B", "meta-llama/Llama-3.1-70B", "llama3.1", "70b-text", 8, true, "base model"},
    Model{"Llama3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "llama3.1", "8b-instruct", 1, true,
          "teacher of the small ones"},
    Model{"Llama3.1-70B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", "llama3.1", "70b-instruct", 8, true,
          "teacher of the small ones"},
    Model{"Llama3.1-405B", "meta-llama/Llama-3.1-405B", "llama3.1", "405b-text", 8, true, "base model"},
    Model{"Llama3.1-405B-Instruct", "meta-llama/Llama-3.1-405B-Instruct", "llama3.1", "405b-instruct", 8, true,
          "the largest of its time"},
    Model{"Llama3.3-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct", "llama3.3", "70b-instruct", 8, true,
          "for chats and tools"},
    Model{"Llama-3-8B", "meta-llama/Meta-Llama-3-8B", "llama3", "8b-text", 1, true, "base model"},
    Model{"Llama-3-70B", "meta-llama/Meta-Llama-3-70B", "llama3", "70b-text", 8, true, "base model"},
    Model{"Llama-3-8B-Instruct", "meta-llama/Meta-Llama-3-8B-Instruct", "llama3", "8b-instruct", 1, true, "for chats"},
    Model{"Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct", "llama3", "70b-instruct", 8, true,
          "for chats"},
};

// The tag that a family's name alone, or with ":latest", stands for.
struct Usual {
    std::string_view family, tag;
};
constexpr std::array kUsual{Usual{"llama3.2", "3b-instruct"},  Usual{"llama3.2-vision", "11b-instruct"},
                            Usual{"llama-guard3", "8b"},       Usual{"llama3.1", "8b-instruct"},
                            Usual{"llama3.3", "70b-instruct"}, Usual{"llama3", "8b-instruct"}};

bool same(std::string_view a, std::string_view b) { return lower_ascii(a) == lower_ascii(b); }

const Model* by_tag(std::string_view family, std::string_view tag) {
    const auto with = [&](std::string_view back) {
        const auto* found = std::ranges::find_if(
            kModels, [&](const Model& model) { return same(model.family, family) && same(model.tag, back); });
        return found == kModels.end() ? nullptr : found;
    };
    if (tag.empty() || same(tag, "latest")) {
        const auto* usual = std::ranges::find_if(kUsual, [&](const Usual& each) { return same(each.family, family); });
        return usual == kUsual.end() ? nullptr : with(usual->tag);
    }
    if (const Model* exact = with(tag)) return exact;
    if (tag.ends_with("-base")) return with(std::string(tag.substr(0, tag.size() - 5)) + "-text");
    return with(std::string(tag) + "-instruct");
}

}  // namespace

std::span<const CatalogueModel> catalogue() { return kModels; }

const CatalogueModel* find_in_catalogue(std::string_view name) {
    for (const Model& model : kModels)
        if (same(name, model.descriptor) || same(name, model.repository) || same(name, folder_name(model)))
            return &model;
    const std::size_t colon = std::min(name.find(':'), name.size());
    return by_tag(name.substr(0, colon), name.substr(std::min(colon + 1, name.size())));
}

std::string_view folder_name(const CatalogueModel& model) {
    return model.repository.substr(model.repository.find('/') + 1);
}

}  // namespace cria
