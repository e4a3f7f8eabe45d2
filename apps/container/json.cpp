// SPDX-License-Identifier: MIT
#include "apps/container/json.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace container_tool {

namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// The length of the UTF-8 sequence at the start (Unicode 15, table 3-7); 0: there is none.
std::size_t sequence_length(std::string_view text) {
    const unsigned char first = byte_at(text, 0), second = byte_at(text, 1);
    if (first < 0x80) return 1;
    unsigned char low = 0x80, high = 0xbf;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                         : first >= 0xe0 && first <= 0xef ? 3
                         : first >= 0xf0 && first <= 0xf4 ? 4
                                                          : 0;
    if (length == 0 || second < low || second > high) return 0;
    for (std::size_t at = 2; at < length; ++at) {
        if ((byte_at(text, at) & 0xc0) != 0x80) return 0;
    }
    return length;
}

std::string camel_case(std::string_view words) {
    std::string out;
    bool begins = false;
    for (const char c : words) {
        if (c != ' ') out += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        begins = c == ' ';
    }
    return out;
}

}  // namespace

std::string json_text(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const unsigned char first = byte_at(text, 0);
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (first < 0x20) {
            constexpr char digits[] = "0123456789abcdef";
            out += "\\u00";
            out += digits[first >> 4];
            out += digits[first & 15];
        } else {
            if (first == '"' || first == '\\') out += '\\';
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out + "\"";
}

std::string json_list(std::span<const std::string> values) {
    std::string out;
    for (const std::string& value : values) out += (out.empty() ? "" : ",") + value;
    return "[" + out + "]";
}

std::string json_texts(std::span<const std::string> texts) {
    std::vector<std::string> values;
    for (const std::string& text : texts) values.push_back(json_text(text));
    return json_list(values);
}

std::string json_of_lines(std::string_view text) {
    constexpr std::pair<std::string_view, std::string_view> lists[] = {
        {"mount", "mounts"},    {"volume", "volumes"}, {"grant", "grants"},
        {"env", "environment"}, {"step", "steps"},     {"label", "labels"}};
    std::map<std::string_view, std::vector<std::string>> listed;
    JsonObject object;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t colon = line.find(": ");
        if (colon == line.npos) continue;
        const std::string_view key = line.substr(0, colon), value = line.substr(colon + 2);
        const auto* list =
            std::ranges::find(lists, key, &std::pair<std::string_view, std::string_view>::first);
        if (list != std::end(lists)) {
            listed[list->second].emplace_back(value);
        } else {
            object.add(camel_case(key), value);
        }
    }
    for (const auto& [key, name] : lists) object.add_json(name, json_texts(listed[name]));
    return object.text();
}

namespace {

// A line of cluufile::text_of: the reason stands at a column, or alone in the next line.
constexpr std::size_t reason_column = 44;

void add_statement(std::vector<std::pair<std::string, std::string>>& to, std::string_view line) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first == line.npos) return;
    if (first == reason_column) {
        if (!to.empty()) to.back().second = line.substr(first);
        return;
    }
    const bool has_reason = line.size() > reason_column && line[reason_column - 1] == ' ' &&
                            line[reason_column - 2] == ' ';
    std::string_view said = has_reason ? line.substr(0, reason_column) : line;
    said = said.substr(first, said.find_last_not_of(' ') + 1 - first);
    to.emplace_back(said, has_reason ? line.substr(reason_column) : std::string_view{});
}

}  // namespace

std::string json_of_authority(std::string_view pid, std::string_view text) {
    constexpr std::pair<std::string_view, std::string_view> heads[] = {
        {"It runs", "runs"}, {"It may", "may"}, {"It may not", "mayNot"}};
    constexpr std::string_view holds = "It holds";
    JsonObject object, held;
    object.add("pid", pid);
    std::vector<std::pair<std::string, std::string>> said[std::size(heads)];
    std::string_view head;
    for (bool is_first = true; !text.empty(); is_first = false) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (is_first) object.add("process", line);
        if (!line.starts_with(' ')) {
            head = line;
        } else if (head == holds) {
            const std::string_view what = line.substr(std::min<std::size_t>(2, line.size()));
            const std::size_t colon = what.find(": ");
            if (colon != what.npos)
                held.add(camel_case(what.substr(0, colon)), what.substr(colon + 2));
            else
                held.add("files", what);
        }
        for (std::size_t i = 0; i < std::size(heads); ++i) {
            if (head == heads[i].first && line.starts_with(' ')) add_statement(said[i], line);
        }
    }
    for (std::size_t i = 0; i < std::size(heads); ++i) {
        std::vector<std::string> list;
        for (const auto& [statement, reason] : said[i]) {
            list.push_back(JsonObject().add("text", statement).add("because", reason).text());
        }
        object.add_json(heads[i].second, json_list(list));
    }
    return object.add_json("holds", held.text()).text();
}

std::string json_indented(std::string_view json) {
    constexpr std::size_t width = 4;
    std::string out;
    std::size_t depth = 0;
    bool in_text = false, is_escaped = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_text) {
            out += c;
            in_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        in_text = c == '"';
        const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        const bool is_empty = opens && i + 1 < json.size() && json[i + 1] == (c == '{' ? '}' : ']');
        if (is_empty) {
            out += json.substr(i++, 2);
            continue;
        }
        if (closes) out += "\n" + std::string(--depth * width, ' ');
        out += c;
        if (opens) ++depth;
        if (opens || c == ',') out += "\n" + std::string(depth * width, ' ');
        if (c == ':') out += ' ';
    }
    return out;
}

JsonObject& JsonObject::add_members(std::string_view object) {
    const std::string_view members = object.substr(1, object.size() - 2);
    if (!members_.empty() && !members.empty()) members_ += ",";
    members_ += members;
    return *this;
}

JsonObject& JsonObject::add_json(std::string_view name, std::string_view value) {
    if (!members_.empty()) members_ += ",";
    members_ += json_text(name) + ":";
    members_ += value;
    return *this;
}

}  // namespace container_tool
