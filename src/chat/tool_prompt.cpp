#include "chat/tool_prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "chat/literal.h"

namespace cria {
namespace {

OrderedJson member_or(const OrderedJson& object, const char* key, OrderedJson otherwise) {
    return object.is_object() && object.contains(key) ? object[key] : std::move(otherwise);
}

OrderedJson required_of(const ToolDefinition& tool) {
    return member_or(tool.parameters, "required", OrderedJson::array());
}

OrderedJson properties_of(const ToolDefinition& tool) {
    return member_or(tool.parameters, "properties", OrderedJson::object());
}

// The list of Llama 3.2: "dict" for the arguments' type, and `required` before `properties`.
std::string pythonic_list(std::span<const ToolDefinition> tools) {
    OrderedJson list = OrderedJson::array();
    for (const ToolDefinition& tool : tools) {
        const OrderedJson parameters = {
            {"type", "dict"}, {"required", required_of(tool)}, {"properties", properties_of(tool)}};
        list.push_back({{"name", tool.name}, {"description", tool.description}, {"parameters", parameters}});
    }
    return json_indented(list);
}

// The definitions as OpenAI's interface has them, which is how the HF templates receive and print them.
std::string openai_definitions(std::span<const ToolDefinition> tools) {
    std::string out;
    for (const ToolDefinition& tool : tools) {
        const OrderedJson function = {
            {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}};
        out += json_indented({{"type", "function"}, {"function", function}}) + "\n\n";
    }
    return out;
}

// JSON with line breaks, for a place that is already indented by `spaces`.
std::string indented(const OrderedJson& value, std::size_t spaces) {
    std::string out;
    for (const char c : json_indented(value)) {
        out += c;
        if (c == '\n') out.append(spaces, ' ');
    }
    return out;
}

// Meta's 3.1 generator gives the properties as a list, every one of the type "object", and the required
// ones on one line.
std::string meta_definition(const ToolDefinition& tool) {
    OrderedJson properties = OrderedJson::array();
    const OrderedJson schema = properties_of(tool);
    for (const auto& [name, property] : schema.items()) {
        const OrderedJson told = {{"type", "object"}, {"description", member_or(property, "description", "")}};
        properties.push_back(OrderedJson::object({{name, told}}));
    }
    return fmt::format(R"({{
    "type": "function",
    "function": {{
        "name": {},
        "description": {},
        "parameters": {{
            "type": "object",
            "properties": {},
            "required": {}
        }}
    }}
}})",
                       json_line(tool.name), json_line(tool.description), indented(properties, 12),
                       json_line(required_of(tool)));
}

// One line for the <function=...> form: each argument with its type and whether it is required, by name.
OrderedJson tagged_definition(const ToolDefinition& tool) {
    std::map<std::string, OrderedJson> sorted;
    const OrderedJson schema = properties_of(tool), required = required_of(tool);
    for (const auto& [name, property] : schema.items())
        sorted[name] = {{"description", member_or(property, "description", "")},
                        {"param_type", member_or(property, "type", "string")},
                        {"required", std::ranges::find(required, OrderedJson(name)) != required.end()}};
    OrderedJson parameters = OrderedJson::object();
    for (auto& [name, told] : sorted) parameters[name] = std::move(told);
    return {{"name", tool.name}, {"description", tool.description}, {"parameters", parameters}};
}

}  // namespace

std::string pythonic_system_text(std::span<const ToolDefinition> tools) {
    return "You are an expert in composing functions. You are given a question and a set of possible functions.\n"
           "Based on the question, you will need to make one or more function/tool calls to achieve the purpose.\n"
           "If none of the function can be used, point it out. If the given question lacks the parameters required "
           "by the function,\n"
           "also point it out. You should only return the function call in tools call sections.\n\n"
           "If you decide to invoke any of the function(s), you MUST put it in the format of "
           "[func_name1(params_name1=params_value1, params_name2=params_value2...), func_name2(params)]\n"
           "You SHOULD NOT include any other text in the response.\n\n"
           "Here is a list of functions in JSON format that you can invoke.\n\n" +
           pythonic_list(tools);
}

std::string pythonic_user_text(std::span<const ToolDefinition> tools) {
    return "Here is a list of functions in JSON format that you can invoke:\n" + pythonic_list(tools) +
           "\n\nShould you decide to return the function call(s),Put it in the format of "
           "[func1(params_name=params_value, params_name2=params_value2...), func2(params)]\n\n"
           "NO other text MUST be included.";
}

std::string json_user_text(std::span<const ToolDefinition> tools) {
    return "Given the following functions, please respond with a JSON for a function call with its proper "
           "arguments that best answers the given prompt.\n\n"
           "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
           "value}.Do not use variables.\n\n" +
           openai_definitions(tools);
}

std::string json_system_text(std::span<const ToolDefinition> tools) {
    return "You have access to the following functions. To call a function, please respond with JSON for a "
           "function call.Respond in the format {\"name\": function name, \"parameters\": dictionary of argument "
           "name and its value}.Do not use variables.\n\n" +
           openai_definitions(tools);
}

std::string json_message_text(std::span<const ToolDefinition> tools) {
    std::string out =
        "Answer the user's question by making use of the following functions if needed.\n"
        "If none of the function can be used, please say so.\n"
        "Here is a list of functions in JSON format:\n";
    for (const ToolDefinition& tool : tools) out += meta_definition(tool) + "\n";
    return out + "\nReturn function calls in JSON format.";
}

std::string custom_tags_message_text(std::span<const ToolDefinition> tools) {
    std::string out = "You have access to the following functions:\n\n";
    for (const ToolDefinition& tool : tools)
        out += "Use the function '" + tool.name + "' to '" + tool.description + "':\n" +
               json_line(tagged_definition(tool)) + "\n\n";
    return out +
           "Think very carefully before calling functions.\n"
           "If you choose to call a function ONLY reply in the following format with no prefix or suffix:\n\n"
           "<function=example_function_name>{\"example_name\": \"example_value\"}</function>\n\n"
           "Reminder:\n"
           "- If looking for real time information use relevant functions before falling back to brave_search\n"
           "- Function calls MUST follow the specified format, start with <function= and end with </function>\n"
           "- Required parameters MUST be specified\n"
           "- Only call one function at a time\n"
           "- Put the entire function call reply on one line";
}

}  // namespace cria
