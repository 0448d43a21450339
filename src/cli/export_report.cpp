#include "cli/export_report.h"

#include "cli/interrupt.h"

namespace cria {

bool ExportReport::operator()(const ExportedTensor& tensor, double done) {
    tensors_.push_back(tensor);
    progress_.show(
        fmt::format("{:.0f} %  {}  {} left", 100 * done, tensor.name, time_text(seconds() / done * (1 - done))));
    return !interrupted();
}

Status ExportReport::finish(const Path& file) {
    progress_.end();
    file_ = file;
    bytes_ = CRIA_TRY(cli_.os.info(file)).size_bytes;
    return {};
}

std::string ExportReport::as_json() const {
    OrderedJson list = OrderedJson::array();
    for (const ExportedTensor& tensor : tensors_) list.push_back(to_json(tensor));
    const OrderedJson object{
        {"file", file_.string()}, {"bytes", bytes_}, {"seconds", seconds()}, {"tensors", std::move(list)}};
    return json_text(object, 2) + "\n";
}

}  // namespace cria
