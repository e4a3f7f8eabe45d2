// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/process_table.hpp"

#include <algorithm>

namespace procmgr {

ProcessTable::ProcessTable() {
    Process own;
    own.pid = own.parent = own.group = own.session = self;
    own.name = "procmgr";
    own.executed = true;
    processes_.emplace(self, std::move(own));
}

Process* ProcessTable::find(Pid pid) {
    const auto found = processes_.find(pid);
    return found == processes_.end() ? nullptr : &found->second;
}

const Process* ProcessTable::find(Pid pid) const {
    const auto found = processes_.find(pid);
    return found == processes_.end() ? nullptr : &found->second;
}

const Process* ProcessTable::after(Pid pid) const {
    const auto found = processes_.upper_bound(pid);
    return found == processes_.end() ? nullptr : &found->second;
}

bool ProcessTable::number_is_free(Pid number) const {
    return std::ranges::none_of(processes_, [number](const auto& entry) {
        const Process& process = entry.second;
        return process.pid == number || process.group == number || process.session == number;
    });
}

std::optional<ImageSet> image_set(std::string_view names) {
    ImageSet images;
    while (!names.empty()) {
        const std::size_t end = names.find('\0');
        if (end == names.npos) {
            return std::nullopt;
        }
        images.emplace(names.substr(0, end));
        names.remove_prefix(end + 1);
    }
    return images;
}

Result<Process*> ProcessTable::add(Pid parent) {
    const Process* model = find(parent);
    if (model == nullptr) {
        return base::fail(Status::no_process);
    }
    const auto same_user = std::ranges::count_if(processes_, [model](const auto& entry) {
        return entry.second.identity.user == model->identity.user;
    });
    const bool user_full =
        model->identity.user != 0 && static_cast<std::size_t>(same_user) >= max_per_user;
    if (processes_.size() >= max_processes || user_full) {
        return base::fail(Status::limit);
    }
    while (!number_is_free(next_)) {
        next_ = next_ == max_pid ? self + 1 : next_ + 1;
    }
    Process child;
    child.pid = next_;
    child.parent = parent;
    child.group = model->group;
    child.session = model->session;
    child.set_identities(model->identities());
    child.nice = model->nice;
    child.container = model->container;
    child.images = model->images;
    child.left_terminal = model->left_terminal;
    child.name = model->name;
    child.arguments = model->arguments;
    child.executable = model->executable;
    next_ = next_ == max_pid ? self + 1 : next_ + 1;
    return &processes_.emplace(child.pid, std::move(child)).first->second;
}

bool ProcessTable::group_exists(Pid group, Pid session) const {
    return std::ranges::any_of(processes_, [group, session](const auto& entry) {
        return entry.second.group == group && entry.second.session == session;
    });
}

std::vector<Pid> ProcessTable::members(Pid group) const {
    std::vector<Pid> list;
    for (const auto& [pid, process] : processes_) {
        if (process.group == group && process.life != Life::zombie && pid != self) {
            list.push_back(pid);
        }
    }
    return list;
}

bool ProcessTable::is_orphaned(Pid group) const {
    return std::ranges::none_of(processes_, [this, group](const auto& entry) {
        const Process& process = entry.second;
        if (process.group != group || process.life == Life::zombie) {
            return false;
        }
        const Process* parent = find(process.parent);
        return parent != nullptr && parent->session == process.session && parent->group != group;
    });
}

bool ProcessTable::has_stopped_member(Pid group) const {
    return std::ranges::any_of(processes_, [group](const auto& entry) {
        return entry.second.group == group && entry.second.life == Life::stopped;
    });
}

Result<void> ProcessTable::set_group(Pid caller, std::int32_t pid, std::int32_t group) {
    if (pid < 0 || group < 0) {
        return base::fail(Status::invalid);
    }
    Process* target = find(pid == 0 ? caller : static_cast<Pid>(pid));
    const Process* own = find(caller);
    if (target == nullptr || own == nullptr || target->life == Life::zombie ||
        (target->pid != caller && target->parent != caller)) {
        return base::fail(Status::no_process);
    }
    if (target->pid != caller && target->executed) {
        return base::fail(Status::access_denied);
    }
    const Pid wanted = group == 0 ? target->pid : static_cast<Pid>(group);
    const bool leads_session = target->session == target->pid;
    const bool group_is_usable = wanted == target->pid || group_exists(wanted, own->session);
    if (target->session != own->session || leads_session || !group_is_usable) {
        return base::fail(Status::not_permitted);
    }
    target->group = wanted;
    return {};
}

Result<Pid> ProcessTable::make_session(Pid caller) {
    Process* process = find(caller);
    if (process == nullptr) {
        return base::fail(Status::no_process);
    }
    const bool leads_a_group = std::ranges::any_of(
        processes_, [caller](const auto& entry) { return entry.second.group == caller; });
    if (leads_a_group) {
        return base::fail(Status::not_permitted);
    }
    process->session = process->group = caller;
    process->left_terminal = false;
    return caller;
}

Pid ProcessTable::reaper_of(const Process& process) const {
    const Process* ancestor = find(process.parent);
    while (ancestor->pid != self && (!ancestor->reaps || ancestor->life == Life::zombie)) {
        ancestor = find(ancestor->parent);
    }
    return ancestor->pid;
}

std::vector<Pid> ProcessTable::end(Pid pid, std::uint32_t status, const Usage& usage) {
    Process* process = find(pid);
    if (process == nullptr) {
        return {};
    }
    process->life = Life::zombie;
    process->news = News::none;
    process->exit_status = status;
    process->usage = usage;
    const Pid reaper = reaper_of(*process);
    std::vector<Pid> orphans;
    std::vector<Pid> forgotten;
    for (auto& [number, child] : processes_) {
        if (child.parent == pid && number != self) {
            child.parent = reaper;
            const bool nobody_fetches = child.life == Life::zombie && reaper == self;
            (nobody_fetches ? forgotten : orphans).push_back(number);
        }
    }
    for (const Pid number : forgotten) {
        processes_.erase(number);
    }
    return orphans;
}

}  // namespace procmgr
