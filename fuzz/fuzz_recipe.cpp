// Any text as a recipe, its first line as an override: a sentence, or a recipe within bounds.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "train/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::vector<std::string> overrides = {std::string(text.substr(0, text.find('\n')))};
    for (const std::size_t count : {0, 1}) {
        const auto recipe = parse_recipe(text, "input", std::span(overrides).first(count));
        if (!recipe) {
            CRIA_ASSERT(recipe.error().kind == ErrorKind::invalid_input && !recipe.error().message.empty());
            continue;
        }
        CRIA_ASSERT(recipe->steps > 0 && recipe->context <= recipe->micro_tokens &&
                    recipe->micro_tokens <= recipe->step_tokens);
        CRIA_ASSERT(!recipe->data.empty() && !recipe->output.empty());
        CRIA_ASSERT(!recipe_identity(*recipe).dump().empty());
    }
    return 0;
}
