// SPDX-License-Identifier: MIT
#include "apps/container/manager.hpp"

#include <map>

#include "interfaces/namespace.hpp"
#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/names.hpp"
#include "libs/ipc/protocol.hpp"

namespace container_tool {

namespace {

using interfaces::Status;

std::string explain(const std::string& which, ipc::Failure failure) {
    std::string text = which.empty() ? "" : which + ": ";
    if (failure.from_kernel())
        return text + "the process manager does not answer (" + std::string(ipc::name_of(failure)) +
               ")";
    switch (failure.status()) {
        case Status::not_found:     return text + "no such container";
        case Status::exists:        return text + "this name is taken";
        case Status::busy:          return text + "it is still running: stop it first";
        case Status::not_permitted: return text + "not permitted";
        case Status::no_process:    return text + "it does not run";
        case Status::limit:         return text + "too many wait for that";
        case Status::invalid:       return text + "not a name (a-z 0-9 . _ -)";
        case Status::unsupported:
            return text +
                   "this cannot be asked of it (only what was started with -d can begin again)";
        default: return text + std::string(ipc::name_of(failure));
    }
}

// One record of a List's answer, taken off its front. False if it is not whole.
bool take_record(std::span<const std::byte>& rest, ContainerInfo& record) {
    if (!ipc::read_payload(rest, record.info)) return false;
    std::size_t length = record.info.record_length;
    if (length < sizeof record.info || length > rest.size()) return false;
    std::string_view texts =
        ipc::text(rest.subspan(sizeof record.info, length - sizeof record.info));
    for (std::string* text : {&record.name, &record.image, &record.end}) {
        const std::size_t end = texts.find('\0');
        if (end == texts.npos) return false;
        *text = texts.substr(0, end);
        texts.remove_prefix(end + 1);
    }
    rest = rest.subspan(length);
    return true;
}

}  // namespace

Result<Manager> Manager::open() {
    ipc::Ref<process::Process> own(process::own_process);
    auto answer = ipc::call(own, process::GetService{}, {.payload = ipc::bytes("container")});
    if (!answer) {
        bool refused =
            !answer.error().from_kernel() && answer.error().status() == Status::not_permitted;
        if (refused)
            return std::unexpected(
                "this container may not manage others (its Cluufile has no PROFILE supervisor)");
        return std::unexpected(explain("", answer.error()));
    }
    return Manager(answer->take<container::Manager>());
}

Result<std::vector<ContainerInfo>> Manager::list(bool also_exited) {
    std::vector<ContainerInfo> result;
    container::List question{.first = 0, .all = also_exited ? 1U : 0U};
    do {
        auto answer = ipc::call(manager_, question);
        if (!answer) return std::unexpected(explain("", answer.error()));
        std::span<const std::byte> rest = answer->payload;
        for (std::uint32_t i = 0; i < answer->reply.count; ++i) {
            ContainerInfo record;
            if (!take_record(rest, record))
                return std::unexpected("the process manager's answer is damaged");
            result.push_back(std::move(record));
        }
        // A list that does not go forward would never end.
        bool forward = answer->reply.next > question.first;
        question.first = forward ? answer->reply.next : 0;
    } while (question.first != 0);
    return result;
}

Result<void> Manager::stop(const std::string& which, std::uint64_t grace_ns) {
    auto answer =
        ipc::call(manager_, container::Stop{.grace_ns = grace_ns}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return {};
}

Result<void> Manager::remove(const std::string& which) {
    auto answer = ipc::call(manager_, container::Remove{}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return {};
}

Result<std::string> Manager::inspect(const std::string& which) {
    auto answer = ipc::call(manager_, container::Inspect{}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return std::string(ipc::text(answer->payload));
}

Result<std::set<std::string>> Manager::used_images() {
    const auto containers = list(true);
    if (!containers) return std::unexpected(containers.error());
    std::set<std::string> used;
    for (const ContainerInfo& one : *containers) {
        if (one.info.state == container::State::exited) continue;
        const auto text = inspect(std::to_string(one.info.id));
        if (!text) continue;  // it has gone meanwhile
        constexpr std::string_view key = "\nplace: ";
        for (std::size_t at = text->find(key); at != text->npos; at = text->find(key, at + 1)) {
            const std::size_t start = at + key.size();
            used.insert(text->substr(start, text->find('\n', start) - start));
        }
    }
    return used;
}

Result<void> Manager::await_health(const std::string& which) {
    auto answer = ipc::call(manager_, container::AwaitHealth{}, {.payload = ipc::bytes(which)});
    if (answer) return {};
    if (answer.error() == ipc::Failure{Status::busy})
        return std::unexpected(which + ": it is unhealthy");
    if (answer.error() == ipc::Failure{Status::closed})
        return std::unexpected(which + ": it has ended");
    return std::unexpected(explain(which, answer.error()));
}

Result<void> Manager::add_volume(const std::string& source, const std::string& path,
                                 bool read_only) {
    const std::string both = source + '\0' + path;
    auto answer = ipc::call(manager_, container::AddVolume{.read_only = read_only ? 1U : 0U},
                            {.payload = ipc::bytes(both)});
    if (answer) return {};
    if (answer.error() == ipc::Failure{Status::invalid})
        return std::unexpected(path +
                               ": no path for a volume (absolute, without `.`, `..` or a "
                               "`/` at its end; nothing in /proc)");
    if (answer.error() == ipc::Failure{Status::limit})
        return std::unexpected("too many volumes: " + std::to_string(container::AddVolume::most) +
                               " at most");
    return std::unexpected(explain(path, answer.error()));
}

Result<void> Manager::enter_next(const std::string& which) {
    auto answer = ipc::call(manager_, container::EnterNext{}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return {};
}

Result<std::uint32_t> Manager::configure_next(const std::string& name,
                                              const container::ConfigureNext& how) {
    auto answer = ipc::call(manager_, how, {.payload = ipc::bytes(name)});
    if (!answer) return std::unexpected(explain(name, answer.error()));
    return answer->reply.id;
}

Result<void> Manager::signal(const std::string& which, std::uint32_t number) {
    auto answer =
        ipc::call(manager_, container::Signal{.signal = number}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return {};
}

Result<std::uint32_t> Manager::await_end(const std::string& which) {
    auto answer = ipc::call(manager_, container::Await{}, {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return answer->reply.status;
}

Result<void> Manager::restart(const std::string& which, std::uint64_t grace_ns) {
    auto answer = ipc::call(manager_, container::Restart{.grace_ns = grace_ns},
                            {.payload = ipc::bytes(which)});
    if (!answer) return std::unexpected(explain(which, answer.error()));
    return {};
}

Result<Manager::LogPart> Manager::read_log(const std::string& which, std::uint64_t position,
                                           bool wait) {
    using container::ReadLog;
    auto answer = ipc::call(manager_, ReadLog{.position = position, .wait = wait ? 1U : 0U},
                            {.payload = ipc::bytes(which)});
    if (!answer && answer.error() == ipc::Failure{Status::unsupported})
        return std::unexpected(which +
                               ": it has no log: only what runs in the background (-d) has");
    if (!answer) return std::unexpected(explain(which, answer.error()));
    LogPart part{.next = answer->reply.next,
                 .room = answer->reply.room,
                 .ended = answer->reply.ended != 0,
                 .dropped = answer->reply.dropped != 0};
    for (std::span<const std::byte> rest = answer->payload; !rest.empty();) {
        ReadLog::Record record;
        if (!ipc::read_payload(rest, record) || record.length > rest.size() - sizeof record)
            return std::unexpected("the process manager's answer is damaged");
        part.entries.push_back(
            {.time_ns = record.time_ns,
             .is_error = record.stream == ReadLog::Stream::errors,
             .text = std::string(ipc::text(rest.subspan(sizeof record, record.length)))});
        rest = rest.subspan(sizeof record + record.length);
    }
    return part;
}

Result<Manager::Uses> Manager::read_uses(const std::string& which) {
    Uses result;
    std::map<std::string, cluufile::Rights> uses;  // of all runs
    std::uint32_t runs = 0;
    container::ReadUses question;
    do {
        auto answer = ipc::call(manager_, question, {.payload = ipc::bytes(which)});
        // One that sees no files has used none.
        if (!answer && answer.error() == ipc::Failure{Status::unsupported}) return result;
        if (!answer) return std::unexpected(explain(which, answer.error()));
        std::span<const std::byte> rest = answer->payload;
        while (!rest.empty()) {
            names::MountRule record;
            if (!ipc::read_payload(rest, record) || record.record_length > rest.size() ||
                record.record_length < sizeof record ||
                record.path_length > record.record_length - sizeof record)
                return std::unexpected("the process manager's answer is damaged");
            cluufile::Rights& used =
                uses[std::string(ipc::text(rest.subspan(sizeof record, record.path_length)))];
            used = used | cluufile::Rights::from_raw(record.rights);
            rest = rest.subspan(record.record_length);
        }
        result.incomplete = result.incomplete || answer->reply.incomplete != 0;
        // A list that does not go forward would never end.
        question.first = answer->reply.next > question.first ? answer->reply.next : 0;
        if (question.first == 0) ++question.run;
        runs = answer->reply.runs;
    } while (question.run < runs);
    for (const auto& [path, rights] : uses) result.uses.push_back({path, rights});
    return result;
}

}  // namespace container_tool
