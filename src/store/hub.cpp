#include "store/hub.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/json.h"
#include "base/nearest.h"
#include "base/strings.h"
#include "store/manifest.h"

namespace cria {
namespace {

constexpr std::size_t kMaxListBytes = 32u << 20;

bool is_name_part(std::string_view text) {
    return !text.empty() && text.size() <= 96 && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    });
}

void drop_front(std::string_view& text, std::string_view front) {
    if (lower_ascii(text.substr(0, front.size())) == front) text.remove_prefix(front.size());
}

// Takes what follows `separator` off the end.
std::string take_back(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == text.npos) return {};
    const std::string back(text.substr(at + 1));
    text = text.substr(0, at);
    return back;
}

std::unexpected<Error> unknown_name(std::string_view text) {
    std::vector<std::string> names;
    for (const CatalogueModel& model : catalogue()) {
        names.emplace_back(folder_name(model));
        names.push_back(fmt::format("{}:{}", model.family, model.tag));
    }
    const std::string_view near = nearest(text, names);
    return fail(ErrorKind::invalid_input,
                "'{}' is no model of the catalogue and no owner/name of a repository{}; `cria pull --list` shows the "
                "catalogue",
                text, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

std::string path_encoded(std::string_view path) {
    std::string encoded;
    for (const std::string_view step : split(path, '/'))
        encoded += (encoded.empty() ? "" : "/") + percent_encoded(step);
    return encoded;
}

std::vector<std::string> login(const HubAccess& access) {
    if (access.token.empty()) return {};
    return {"Authorization: Bearer " + access.token};
}

// A file of a repository, as the hub lists it.
struct Listed {
    std::string path;
    std::optional<std::uint64_t> bytes{};
    Checksum checksum{};
};

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> size_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

Result<Listed> read_listed(const Json& entry, const std::string& who) {
    if (!entry.is_object() || text_at(entry, "rfilename").empty())
        return fail(ErrorKind::corrupt, "{}: a file without a name in the list", who);
    Listed file{.path = text_at(entry, "rfilename"), .bytes = size_at(entry, "size")};
    const auto lfs = entry.find("lfs");
    if (lfs != entry.end() && lfs->is_object()) {
        file.checksum = checksum_of_hex(text_at(*lfs, "sha256"));
        if (const auto bytes = size_at(*lfs, "size")) file.bytes = bytes;
    } else if (const std::string blob = text_at(entry, "blobId"); blob.size() == 40) {
        file.checksum = {DigestKind::git_blob, blob};
    }
    return file;
}

bool in_root(const Listed& file) { return !file.path.contains('/'); }

bool is_weights_folder_file(const Listed& file) {
    const std::string name = lower_ascii(file.path);
    if (!in_root(file)) return false;
    return name.ends_with(".safetensors") || name.ends_with(".json") || name.ends_with(".jinja") ||
           name == "tokenizer.model" || name.starts_with("license") || name.starts_with("use_policy") ||
           name.starts_with("notice");
}

// Meta's own files, in the root or in original/.
bool is_meta_file(const Listed& file) {
    const std::string name = Path(file.path).filename().string();
    const bool placed = in_root(file) || (file.path.starts_with("original/") && split(file.path, '/').size() == 2);
    return placed && ((name.starts_with("consolidated.") && name.ends_with(".pth")) || name == "params.json" ||
                      name == "tokenizer.model" || name == "checklist.chk");
}

bool is_program(const Listed& file) { return in_root(file) && file.path.ends_with(".pte"); }

// "Model-Q4_K_M-00001-of-00003.gguf" -> "Model-Q4_K_M".
std::string gguf_stem(std::string_view path) {
    std::string stem = Path(path).stem().string();
    const std::size_t at = stem.rfind("-of-");
    if (at != stem.npos && at >= 6 && stem.size() == at + 9 && stem[at - 6] == '-') stem.resize(at - 6);
    return stem;
}

// Whether the stem's last pieces are the type: "Model-Q4_K_M" and "model.q4_k_m" are of type Q4_K_M.
bool has_type(const std::string& stem, std::string_view type) {
    const std::string name = lower_ascii(stem), wanted = lower_ascii(type);
    if (!name.ends_with(wanted) || name.size() == wanted.size()) return false;
    return std::string_view("-._").contains(name[name.size() - wanted.size() - 1]);
}

// All GGUF models of a list, the files of each by their stem.
using GgufModels = std::map<std::string, std::vector<Listed>>;
GgufModels gguf_models(const std::vector<Listed>& files) {
    GgufModels models;
    for (const Listed& file : files)
        if (lower_ascii(file.path).ends_with(".gguf") && !lower_ascii(file.path).contains("mmproj"))
            models[gguf_stem(file.path)].push_back(file);
    return models;
}

Result<std::string> choose_gguf(const GgufModels& models, const HubName& name) {
    std::vector<std::string> stems;
    for (const auto& [stem, files] : models) stems.push_back(stem);
    const auto find = [&](auto&& fits) {
        const auto found = std::ranges::find_if(stems, fits);
        return found == stems.end() ? std::string() : *found;
    };
    if (name.pick.empty()) {
        if (stems.size() == 1) return stems[0];
        for (const char* type : {"Q4_K_M", "Q4_0", "Q8_0"})
            if (std::string stem = find([&](const std::string& each) { return has_type(each, type); }); !stem.empty())
                return stem;
    } else if (lower_ascii(name.pick).ends_with(".gguf")) {
        if (models.contains(gguf_stem(name.pick))) return gguf_stem(name.pick);
    } else if (std::string stem = find([&](const std::string& each) { return has_type(each, name.pick); });
               !stem.empty()) {
        return stem;
    }
    return fail(ErrorKind::not_found, "{} has no GGUF file '{}'; it has {}", name.repository,
                name.pick.empty() ? "Q4_K_M" : name.pick, fmt::join(stems, ", "));
}

// What is to be fetched of a list, and under which name it is kept.
struct Choice {
    std::string name;
    std::vector<Listed> files;
    bool flat = false;  // kept without the folders of the repository
};

Result<Choice> choose(const std::vector<Listed>& files, const HubName& name) {
    const std::string base = name.repository.substr(name.repository.find('/') + 1);
    const auto those = [&](auto&& fits) {
        std::vector<Listed> chosen;
        std::ranges::copy_if(files, std::back_inserter(chosen), fits);
        return chosen;
    };
    const GgufModels models = gguf_models(files);
    const bool safetensors = std::ranges::any_of(
        files, [](const Listed& file) { return in_root(file) && file.path.ends_with(".safetensors"); });
    if (safetensors && name.pick.empty()) return Choice{base, those(is_weights_folder_file)};
    if (!models.empty()) {
        const std::string stem = CRIA_TRY(choose_gguf(models, name));
        return Choice{stem, models.at(stem), true};
    }
    if (!name.pick.empty())
        return fail(ErrorKind::not_found, "{} has no GGUF files, so there is no '{}' of it", name.repository,
                    name.pick);
    std::vector<Listed> meta = those(is_meta_file);
    const bool weights = std::ranges::any_of(meta, [](const Listed& file) { return file.path.ends_with(".pth"); });
    const std::vector<Listed> programs = those(is_program);
    if (!weights && programs.empty())
        return fail(ErrorKind::not_found,
                    "{} has no weights that Cria reads: no .safetensors, .gguf, consolidated.*.pth, .pte",
                    name.repository);
    if (!weights) meta.insert(meta.end(), programs.begin(), programs.end());
    return Choice{base, meta, true};
}

std::string page_of(const HubAccess& access, const HubName& name) { return access.endpoint + "/" + name.repository; }

std::string meta_address(std::string_view signed_url, const CatalogueModel& model, std::string_view file) {
    const std::size_t star = signed_url.find('*');
    return fmt::format("{}{}/{}{}", signed_url.substr(0, star), folder_name(model), file, signed_url.substr(star + 1));
}

}  // namespace

Result<HubName> parse_hub_name(std::string_view text) {
    if (const CatalogueModel* model = find_in_catalogue(text))
        return HubName{.repository = std::string(model->repository)};
    std::string_view rest = text;
    for (const char* front : {"https://", "http://", "huggingface.co/", "www.huggingface.co/", "hf.co/"})
        drop_front(rest, front);
    HubName name;
    if (const std::string revision = take_back(rest, '@'); !revision.empty()) name.revision = revision;
    name.pick = take_back(rest, ':');
    while (rest.ends_with('/')) rest.remove_suffix(1);
    const auto parts = split(rest, '/');
    if (parts.size() < 2 || !is_name_part(parts[0]) || !is_name_part(parts[1])) return unknown_name(text);
    name.repository = fmt::format("{}/{}", parts[0], parts[1]);
    // Pages of a file: owner/name/blob/main/file.gguf.
    if (parts.size() > 2) {
        if (!lower_ascii(parts.back()).ends_with(".gguf") || !name.pick.empty()) return unknown_name(text);
        name.pick = parts.back();
        if (parts.size() > 4 && (parts[2] == "blob" || parts[2] == "resolve")) name.revision = parts[3];
    }
    if (!is_name_part(name.revision) || (!name.pick.empty() && !is_name_part(name.pick))) return unknown_name(text);
    return name;
}

Error explain_hub_reply(const HttpReply& reply, const HubAccess& access, const HubName& name) {
    const std::string page = page_of(access, name);
    const std::string_view code = reply.header("x-error-code"), said = reply.header("x-error-message");
    const std::string tail = said.empty() ? "" : fmt::format(" (the hub says: {})", said);
    if (code == "GatedRepo" && access.token.empty())
        return {ErrorKind::not_found,
                fmt::format("{} has a licence to accept: log in at {}, accept it, and give a token in HF_TOKEN",
                            name.repository, page)};
    if (code == "GatedRepo")
        return {ErrorKind::not_found,
                fmt::format("the licence of {} is not accepted, or not granted yet, for this token: see {}{}",
                            name.repository, page, tail)};
    if (code == "RevisionNotFound")
        return {ErrorKind::not_found, fmt::format("{} has no revision '{}'", name.repository, name.revision)};
    if (code == "RepoNotFound" || (reply.status == 404 && code.empty()))
        return {ErrorKind::not_found,
                fmt::format("there is no repository {} at {}, or it is private{}", name.repository, access.endpoint,
                            access.token.empty() ? " (then give a token in HF_TOKEN)" : " and hidden from this token")};
    switch (reply.status) {
        case 401:
            return {ErrorKind::invalid_input,
                    access.token.empty()
                        ? fmt::format("{} wants a login: give a token in HF_TOKEN (made at {}/settings/tokens)", page,
                                      access.endpoint)
                        : fmt::format("{} refuses the token: it has expired or was mistyped{}", access.endpoint, tail)};
        case 403: return {ErrorKind::invalid_input, fmt::format("{} is forbidden for this token{}", page, tail)};
        case 404: return {ErrorKind::not_found, fmt::format("{}: a file is no longer there{}", page, tail)};
        case 429: return {ErrorKind::io, fmt::format("{} is asked too often; try again later", access.endpoint)};
        default:
            return {ErrorKind::io,
                    fmt::format("{} answers with status {}{}; try again later", access.endpoint, reply.status, tail)};
    }
}

Result<RemoteModel> look_up(HttpClient& client, const HubAccess& access, const HubName& name) {
    const std::string address = fmt::format("{}/api/models/{}/revision/{}?blobs=true", access.endpoint, name.repository,
                                            percent_encoded(name.revision));
    const HttpText answer = CRIA_TRY(get_text(client, {.url = address, .headers = login(access)}, kMaxListBytes));
    if (answer.reply.status != 200) return std::unexpected(explain_hub_reply(answer.reply, access, name));
    const Json json = CRIA_TRY(parse_json(answer.body, address));
    const auto siblings = json.is_object() ? json.find("siblings") : json.end();
    if (siblings == json.end() || !siblings->is_array())
        return fail(ErrorKind::corrupt, "{} sends no list of files; is it a model hub?", access.endpoint);
    std::vector<Listed> files;
    for (const Json& entry : *siblings) files.push_back(CRIA_TRY(read_listed(entry, address)));
    const Choice choice = CRIA_TRY(choose(files, name));

    RemoteModel model{.name = choice.name,
                      .source = fmt::format("{} at {}", name.repository, access.endpoint),
                      .revision = text_at(json, "sha"),
                      .files = {}};
    const std::string revision = model.revision.empty() ? name.revision : model.revision;
    for (const Listed& file : choice.files) {
        model.files.push_back({.path = choice.flat ? Path(file.path).filename().string() : file.path,
                               .url = fmt::format("{}/{}/resolve/{}/{}", access.endpoint, name.repository,
                                                  percent_encoded(revision), path_encoded(file.path)),
                               .headers = login(access),
                               .bytes = file.bytes,
                               .checksum = file.checksum});
    }
    return model;
}

Result<RemoteModel> look_up_meta(HttpClient& client, const CatalogueModel& model, std::string_view signed_url) {
    const bool address = signed_url.starts_with("https://") || signed_url.starts_with("http://");
    if (!address || std::ranges::count(signed_url, '*') != 1 || !signed_url.contains('?'))
        return fail(ErrorKind::invalid_input,
                    "the link of Meta's e-mail is wanted whole, "
                    "https://llama3-2-lightweight.llamameta.net/*?Policy=..., in quotes");
    const HttpText list =
        CRIA_TRY(get_text(client, {.url = meta_address(signed_url, model, "checklist.chk")}, kMaxListBytes));
    if (list.reply.status != 200) return std::unexpected(explain_meta_reply(list.reply));
    std::map<std::string, Checksum> sums;
    for (const ManifestFile& file : read_checklist(list.body)) sums[file.path] = file.checksum;
    std::vector<std::string> names{"checklist.chk", "params.json", "tokenizer.model"};
    for (int shard = 0; shard < model.shards; ++shard) names.push_back(fmt::format("consolidated.{:02}.pth", shard));
    RemoteModel remote{
        .name = std::string(folder_name(model)), .source = "Meta's signed link", .revision = "", .files = {}};
    for (const std::string& name : names) {
        const auto sum = sums.find(name);
        remote.files.push_back({.path = name,
                                .url = meta_address(signed_url, model, name),
                                .checksum = sum == sums.end() ? Checksum{} : sum->second});
    }
    return remote;
}

Error explain_meta_reply(const HttpReply& reply) {
    if (reply.status == 403)
        return {ErrorKind::invalid_input,
                "Meta refuses the link: it has expired (after 24 hours), was used too often, or is for other models; "
                "ask for a new one at https://www.llama.com/llama-downloads/"};
    if (reply.status == 404) return {ErrorKind::not_found, "Meta's server does not have this model under that link"};
    return {ErrorKind::io, fmt::format("Meta's server answers with status {}; try again later", reply.status)};
}

}  // namespace cria
