// The models of the Llama 3 family by all the names that people type: Meta's descriptors, Hugging Face repositories,
// and short tags. Source of descriptors and repositories: Meta's package llama-models 0.3.0, sku_list.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

struct CatalogueModel {
    std::string_view descriptor;  // "Llama3.2-1B-Instruct", as the old `llama` command has it
    std::string_view repository;  // "meta-llama/Llama-3.2-1B-Instruct"
    std::string_view family;      // "llama3.2": the tag's front
    std::string_view tag;         // "1b-instruct": the tag's back
    int shards = 1;               // consolidated.NN.pth of Meta's layout
    bool runs = true;             // whether Cria computes it today
    std::string_view about;       // a phrase
};

std::span<const CatalogueModel> catalogue();

// By descriptor, repository (with or without its owner), or tag, whatever the case of the letters. Of tags,
// "llama3.2" is the family's usual model, "llama3.2:1b" the instruct model of that size, "llama3.2:1b-text" the base.
const CatalogueModel* find_in_catalogue(std::string_view name);

// "Llama-3.2-1B-Instruct": the folder a model is kept in.
std::string_view folder_name(const CatalogueModel& model);

}  // namespace cria
