// Where models come from: Hugging Face's hub (or a mirror of it), and Meta's signed links. Finds out which files make
// up a model and what their checksums are; store/download.h fetches them.
//
// Sources: the hub's HTTP API as the package huggingface_hub 2.4 uses it; the addresses behind Meta's links as the
// package llama-models 0.3.0 forms them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/http.h"
#include "store/catalogue.h"
#include "store/download.h"

namespace cria {

struct HubAccess {
    std::string endpoint = "https://huggingface.co";  // without a slash at the end
    std::string token{};                              // empty: none
};

struct HubName {
    std::string repository{};  // "meta-llama/Llama-3.2-1B-Instruct"
    std::string revision = "main";
    std::string pick{};  // of a repository with GGUF files: a file's name, or its type such as "Q4_K_M"
    friend bool operator==(const HubName&, const HubName&) = default;
};

// A name of the catalogue, or "[hf.co/]owner/name[:type][@revision]", or "hf.co/owner/name/file.gguf", also as the
// address of a page. invalid_input says what is wrong, and names the nearest tag.
Result<HubName> parse_hub_name(std::string_view text);

struct RemoteModel {
    std::string name;      // of the folder to keep it in
    std::string source;    // for people: "meta-llama/Llama-3.2-1B on huggingface.co"
    std::string revision;  // the commit, or empty
    std::vector<RemoteFile> files;
};

// The files of one model: safetensors with configuration and tokenizer; else one GGUF file with its parts, of the
// picked type or Q4_K_M; else Meta's files. Errors: those of explain_hub_reply; not_found when there are none of these.
Result<RemoteModel> look_up(HttpClient& client, const HubAccess& access, const HubName& name);

// What an answer other than success means, with what to do: a missing or refused token, a licence that was not
// accepted, a name that does not exist, too many requests.
Error explain_hub_reply(const HttpReply& reply, const HubAccess& access, const HubName& name);

// The files behind the link of Meta's e-mail, "https://llama3-2-lightweight.llamameta.net/*?Policy=...".
Result<RemoteModel> look_up_meta(HttpClient& client, const CatalogueModel& model, std::string_view signed_url);
Error explain_meta_reply(const HttpReply& reply);

}  // namespace cria
