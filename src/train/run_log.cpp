#include "train/run_log.h"

#include "base/json.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxLogBytes = 1u << 30;

std::optional<double> number(const Json& json, std::string_view key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

// Nothing for a line that is not whole: the last one before a crash.
std::optional<StepRecord> record_of(std::string_view line) {
    const auto json = parse_json(line, "log");
    if (!json || !json->is_object() || !number(*json, "step") || !number(*json, "loss")) return std::nullopt;
    StepRecord record;
    record.step = static_cast<std::int64_t>(*number(*json, "step"));
    record.tokens = static_cast<std::int64_t>(number(*json, "tokens").value_or(0));
    record.loss = *number(*json, "loss");
    record.gradient_norm = number(*json, "grad_norm").value_or(0);
    record.learning_rate = number(*json, "lr").value_or(0);
    record.tokens_per_s = number(*json, "tokens_per_s").value_or(0);
    record.peak_share = number(*json, "peak_share");
    record.validation_loss = number(*json, "validation_loss");
    return record;
}

}  // namespace

std::string log_line(const StepRecord& record) {
    OrderedJson json = {{"step", record.step},        {"tokens", record.tokens},
                        {"loss", record.loss},        {"grad_norm", record.gradient_norm},
                        {"lr", record.learning_rate}, {"tokens_per_s", record.tokens_per_s}};
    json["peak_share"] = record.peak_share ? OrderedJson(*record.peak_share) : OrderedJson(nullptr);
    if (record.validation_loss) json["validation_loss"] = *record.validation_loss;
    return json_text(json) + "\n";
}

Result<RunLog> RunLog::open(Os& os, const Path& path, std::int64_t step) {
    RunLog log;
    std::string kept;
    if (step > 0 && os.info(path)) {
        const std::string text = CRIA_TRY(read_text(os, path, kMaxLogBytes));
        for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
            end = std::min(text.find('\n', at), text.size());
            const auto record = record_of(std::string_view(text).substr(at, end - at));
            if (!record || record->step > step) continue;
            log.records_.push_back(*record);
            kept += log_line(*record);
        }
    }
    CRIA_TRY(write_atomically(os, path, kept));
    log.file_ = CRIA_TRY(os.append_to(path));
    return log;
}

Status RunLog::add(const StepRecord& record) {
    records_.push_back(record);
    return file_->append(as_bytes(log_line(record)));
}

}  // namespace cria
