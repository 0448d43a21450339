#include "cli/loaded_model.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "cli/model_option.h"
#include "engine/engine.h"
#include "kernels/processor.h"
#include "model/checkpoint.h"
#include "model/model_files.h"

namespace cria {
namespace {

using namespace std::chrono;

constexpr std::uint64_t kMaxSmallFile = 1 << 20;
constexpr std::int64_t kDefaultContext = 8192;
constexpr std::int64_t kFollowingDays = 4;

std::string day_text(sys_days day) {
    static constexpr std::array<std::string_view, 7> kNames{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                            "Friday", "Saturday", "Sunday"};
    const year_month_day date{day};
    return fmt::format("{} {:04}-{:02}-{:02}", kNames[weekday{day}.iso_encoding() - 1], static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// The day that it is here, as days of the calendar.
sys_days local_day(Os& os) {
    const std::time_t now = system_clock::to_time_t(os.wall());
    std::tm local{};
    localtime_r(&now, &local);
    return year_month_day{year{local.tm_year + 1900}, month{static_cast<unsigned>(local.tm_mon + 1)},
                          day{static_cast<unsigned>(local.tm_mday)}};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
}

template <class Number>
void take_number(const Json& json, const char* key, std::optional<Number>& value) {
    const auto it = json.find(key);
    if (it != json.end() && it->is_number()) value = it->get<Number>();
}

// Bytes of memory.
struct MemoryNeed {
    std::uint64_t weights = 0, cache = 0, scratch = 0;
    std::uint64_t total() const { return weights + cache + scratch; }
    MemoryNeed operator+(const MemoryNeed& other) const {
        return {weights + other.weights, cache + other.cache, scratch + other.scratch};
    }
};

// A model before it is loaded.
struct Found {
    Path path;
    ModelFiles files;
    LlamaConfig config;
    std::int64_t context = 0;
    MemoryNeed need;
};

Result<std::int64_t> choose_context(std::int64_t wanted, const LlamaConfig& config) {
    if (wanted == 0) return std::min(config.context, kDefaultContext);
    if (wanted > 0 && wanted <= config.context) return wanted;
    return fail(ErrorKind::invalid_input, "--context is {}, but the model was made for 1 to {}", wanted,
                config.context);
}

// The model's own place within the cache, by the whole path to its folder.
Path cache_folder_of(const Cli& cli, const ModelFiles& files) {
    const auto cache = cache_folder(cli.environment);
    if (!cache) return {};
    const Path place = std::filesystem::absolute(files.weights.front()).lexically_normal();
    return *cache / "packed" / place.parent_path().relative_path();
}

Result<MemoryNeed> memory_need(Os& os, const Found& found, const Kernels& kernels, const LoadOptions& options,
                               const MemoryPlan& plan) {
    const std::int64_t lanes = options.packs() ? kernels.packed.lanes : 0;  // 0: nothing stays packed
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, found.files, found.config));
    if (options.packs() && options.int8) checkpoint.round_to(BlockType::q8_0);
    const Llama outline = CRIA_TRY(Llama::outline(found.config, checkpoint, lanes));
    const KvShape shape = outline.cache_shape(plan.kv_type);
    if (!KvPool::can_hold(shape.type, shape.head_dim))
        return fail(ErrorKind::invalid_input,
                    "--kv-type {} wants heads of a multiple of 16 numbers; those of {} have {}", name_of(shape.type),
                    found.files.folder.string(), shape.head_dim);
    const std::int64_t running = plan.sequences;
    return MemoryNeed{checkpoint.sizes(lanes).loaded, shape.bytes(found.context) * static_cast<std::uint64_t>(running),
                      Engine::scratch_bytes(outline, kernels, {.context = found.context, .most_running = running})};
}

Result<Found> find_to_load(Cli& cli, const std::string& name, std::int64_t context, const Kernels& kernels,
                           const LoadOptions& options, const MemoryPlan& plan) {
    Found found;
    found.path = CRIA_TRY(find_named_model(cli, name));
    found.files = CRIA_TRY(open_model_folder(cli.os, found.path));
    found.config = CRIA_TRY(read_config(cli.os, found.files));
    found.context = CRIA_TRY(choose_context(context, found.config));
    found.need = CRIA_TRY(memory_need(cli.os, found, kernels, options, plan));
    return found;
}

Status check_memory(Os& os, std::string_view who, const MemoryNeed& need, std::int64_t context,
                    std::int64_t sequences) {
    const std::uint64_t available = describe_processor(os).memory_available_bytes;
    if (available == 0 || need.total() <= available) return {};
    return fail(
        ErrorKind::out_of_memory,
        "{} needs {} ({} of weights, {} for {} of {}, {} for activations), but {} are available; choose a smaller "
        "model or {}",
        who, human_bytes(need.total()), human_bytes(need.weights), human_bytes(need.cache),
        sequences == 1 ? "a context" : fmt::format("{} contexts", sequences), context, human_bytes(need.scratch),
        human_bytes(available), sequences == 1 ? "--context" : "fewer and shorter sequences");
}

// For cria ps. Where nobody can be told, the model works all the same.
std::unique_ptr<Announcement> announce(Cli& cli, const HeldModel& model) {
    for (const Path& folder : runtime_folders(cli.environment))
        if (auto announcement = announce_model(cli.os, folder, model)) return std::move(*announcement);
    return nullptr;
}

bool answers_turns(const LlamaConfig& config, const GenerationDefaults& defaults, const Tokenizer& tokenizer) {
    const auto end_of_turn = tokenizer.special("<|eot_id|>");
    if (!end_of_turn) return false;
    return std::ranges::find(config.eos_ids, *end_of_turn) != config.eos_ids.end() ||
           std::ranges::find(defaults.stop_ids, *end_of_turn) != defaults.stop_ids.end();
}

}  // namespace

Result<std::optional<DType>> read_kv_type(const std::string& name) {
    if (name.empty()) return std::nullopt;
    const auto type = dtype_named(name);
    if (type == DType::f32 || type == DType::bf16 || type == DType::i8) return type;
    return fail(ErrorKind::invalid_input, "--kv-type is f32, bf16 or i8, not '{}'", name);
}

std::string fill_system(std::string text, sys_days today) {
    std::string following;
    std::int64_t count = 0;
    for (sys_days day = today + days(1); count < kFollowingDays; day += days(1)) {
        if (weekday{day}.iso_encoding() > 5) continue;
        following += (following.empty() ? "" : ", ") + day_text(day);
        ++count;
    }
    replace_all(text, "{today}", day_text(today));
    replace_all(text, "{days}", following);
    return text;
}

Result<GenerationDefaults> read_generation_defaults(Os& os, const Path& file) {
    const std::string text = CRIA_TRY(read_text(os, file, kMaxSmallFile));
    const Json json = CRIA_TRY(parse_json(text, file.string()));
    GenerationDefaults defaults;
    if (!json.is_object()) return fail(ErrorKind::corrupt, "{}: must be a JSON object", file.string());
    const auto stops = json.find("eos_token_id");
    if (stops != json.end()) {
        const Json list = stops->is_array() ? *stops : Json::array({*stops});
        for (const Json& id : list) {
            if (id.is_number_integer()) defaults.stop_ids.push_back(id.get<TokenId>());
        }
    }
    take_number(json, "temperature", defaults.temperature);
    take_number(json, "top_p", defaults.top_p);
    take_number(json, "top_k", defaults.top_k);
    take_number(json, "repetition_penalty", defaults.repetition_penalty);
    const auto sample = json.find("do_sample");
    if (sample != json.end() && sample->is_boolean() && !sample->get<bool>()) defaults.temperature = 0.0f;
    return defaults;
}

Result<std::unique_ptr<LoadedModel>> load_named_model(Cli& cli, const std::string& name, std::int64_t context,
                                                      LoadOptions options, const MemoryPlan& plan) {
    const Compute compute = CRIA_TRY(cli.compute());
    options.compute = &compute;
    const auto start = cli.os.monotonic();
    const Found found = CRIA_TRY(find_to_load(cli, name, context, compute.kernels, options, plan));
    const auto& [path, files, config, room, need] = found;
    if (plan.beside.empty()) {
        CRIA_TRY(check_memory(cli.os, files.folder.string(), need, room, plan.sequences));
    } else {
        const Found other = CRIA_TRY(find_to_load(cli, plan.beside, room, compute.kernels, {.compute = &compute}, {}));
        const std::string both =
            fmt::format("{} with {} beside it", files.folder.string(), other.files.folder.string());
        CRIA_TRY(check_memory(cli.os, both, need + other.need, room, plan.sequences));
    }
    options.cache_folder = cache_folder_of(cli, files);
    options.notice = [&cli](std::string_view text) { cli.console.err(fmt::format("cria: {}\n", text)); };

    Tokenizer tokenizer = CRIA_TRY(read_tokenizer(cli.os, files));
    if (tokenizer.size() > config.vocabulary) {
        return fail(ErrorKind::corrupt,
                    "{} has ids up to {}, but the model has a vocabulary of {}; they do not belong together",
                    files.tokenizer.value_or(files.config).string(), tokenizer.size() - 1, config.vocabulary);
    }
    GenerationDefaults defaults;
    if (files.generation_config) defaults = CRIA_TRY(read_generation_defaults(cli.os, *files.generation_config));
    std::string system = read_text(cli.os, files.folder / "system.txt", kMaxSmallFile).value_or("");
    while (system.ends_with('\n')) system.pop_back();
    const bool instruct = answers_turns(config, defaults, tokenizer);
    Llama model = CRIA_TRY(Llama::load(cli.os, path, options));
    model.reserve_positions(room);
    auto loaded = std::make_unique<LoadedModel>(LoadedModel{name,
                                                            files,
                                                            std::move(model),
                                                            std::move(tokenizer),
                                                            std::move(defaults),
                                                            fill_system(std::move(system), local_day(cli.os)),
                                                            instruct,
                                                            room,
                                                            {},
                                                            {}});
    loaded->announcement =
        announce(cli, {.name = name, .command = cli.verb, .bytes = need.weights + need.cache, .context = room});
    loaded->load_time = cli.os.monotonic() - start;
    return loaded;
}

}  // namespace cria
