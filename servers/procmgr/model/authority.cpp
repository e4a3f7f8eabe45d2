// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/authority.hpp"

#include "libs/cluufile/explain.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

// What kinds but the first mean is the Linux library's affair (process_image.hpp).
std::string_view kind_of(const process::ImageDescriptor& descriptor) {
    if (descriptor.kind != process::ImageDescriptor::file) {
        return "pipe or the like";
    }
    if (descriptor.state[2] != 0) {
        return "terminal";
    }
    switch (static_cast<fs::Kind>(descriptor.state[1])) {
        case fs::Kind::regular:          return "file";
        case fs::Kind::directory:        return "directory";
        case fs::Kind::character_device: return "device";
        default:                         return "other";
    }
}

constexpr std::array<std::string_view, static_cast<std::size_t>(abi::ObjectType::count_end)>
    type_words{"",       "bank",         "capability table", "address space",
               "memory", "thread",       "CPU time",         "endpoint",
               "reply",  "notification", "interrupt",        "all interrupts",
               "ports",  "log"};

std::string held_text(const AuthorityFacts& facts) {
    std::string text;
    for (std::size_t type = 1; type < type_words.size(); ++type) {
        if (facts.held[type] != 0) {
            text += text.empty() ? "" : ", ";
            text += decimal(facts.held[type]) + " ";
            text += type_words[type];
        }
    }
    return text;
}

}  // namespace

CommandLineNote note_command_line(const Plan& plan, const ImageBlock& image) {
    CommandLineNote note;
    if (plan.grants.any()) {
        note.directory = image.directory;
        std::size_t bytes = image.directory.size();
        for (const std::string& argument : image.arguments) {
            bytes += argument.size() + 1;
            if (bytes > CommandLineNote::most_bytes) {
                break;
            }
            note.arguments.push_back(argument);
        }
        note.left_out = image.arguments.size() - note.arguments.size();
    }
    std::size_t count = 0;
    for (const process::ImageDescriptor& one : image.descriptors) {
        if (++count > CommandLineNote::most_descriptors) {
            note.descriptors += ", ...";
            break;
        }
        note.descriptors += note.descriptors.empty() ? "" : ", ";
        note.descriptors += decimal(one.descriptor) + " ";
        note.descriptors += kind_of(one);
    }
    return note;
}

std::string authority_text(const AuthorityFacts& facts) {
    const Process& process = *facts.process;
    const Plan& plan = *facts.plan;
    const CommandLineNote& note = *facts.note;
    std::string out = printable(process.name) + " (" + decimal(process.pid) + "): container " +
                      facts.container + " of the image " + plan.image + ", for user " +
                      decimal(process.identity.user) + "\n";
    out += printable(
        cluufile::text_of(cluufile::explain(
            plan, {.arguments = note.arguments, .directory = note.directory, .own = process.pid})),
        "\n");
    if (note.left_out != 0) {
        out += "  and so with " + decimal(note.left_out) + " more arguments\n";
    }
    out += "It holds\n";
    out += "  its place: " +
           (facts.around.empty() ? "started by the system" : "inside " + facts.around) + "\n";
    out += "  memory: " + cluufile::size_text(facts.memory_bytes) + " of " +
           cluufile::size_text(facts.memory_limit) + ", with its container\n";
    out += "  processes: " + decimal(facts.processes) + " of " + decimal(facts.process_limit) +
           ", with its container\n";
    if (facts.disk_limit != 0) {
        out += "  private files: " + cluufile::size_text(facts.disk_bytes) + " of " +
               cluufile::size_text(facts.disk_limit) + ", with its container\n";
    }
    out += "  descriptors: " + decimal(facts.descriptor_limit) + " at most\n";
    out += facts.has_view ? "  a view of files, as said above\n" : "  no view of files\n";
    out += "  descriptors at the container's start: " +
           (note.descriptors.empty() ? std::string{"none"} : note.descriptors) + "\n";
    out += "  capabilities: " + held_text(facts) + "\n";
    return out;
}

}  // namespace procmgr
