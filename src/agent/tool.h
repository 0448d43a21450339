// A tool that Cria itself can run for a model.
#pragma once

#include <string>

#include "base/result.h"
#include "chat/message.h"

namespace cria {

class Tool {
public:
    virtual ~Tool() = default;
    virtual const ToolDefinition& definition() const = 0;
    // What running it would do, in one line, for the person who is asked for permission.
    virtual std::string describe(const OrderedJson& arguments) const = 0;
    // `arguments` satisfy the definition's schema. The result is what the model reads.
    virtual Result<OrderedJson> run(const OrderedJson& arguments) = 0;
};

}  // namespace cria
