// SPDX-License-Identifier: MIT
#include "libs/fs_server/named_pipes.hpp"

#include <algorithm>

namespace fs_server {

Result<fs::OpenPipe::Reply> NamedPipes::open(const End& end, PipeMaker& maker,
                                             ipc::Request& request) {
    const auto known = ends_.find(end.badge);
    if (end.gives_up && (known == ends_.end() || !known->second.met)) {
        close(end.badge, maker);
        return base::fail(Status::would_block);
    }
    Known* self = known != ends_.end() ? &known->second : TRY(enter(end, maker));
    Pipe& pipe = pipes_.find(key_of(end))->second;
    // A call that a signal has ended, made again: nobody waits for the answer to the first one.
    std::erase_if(pipe.waiting, [&](const Waiting& one) { return one.badge == end.badge; });
    const bool alone = end.reads ? pipe.ends.writers == 0 : pipe.ends.readers == 0;
    if (end.waits && alone && !self->met) {
        pipe.waiting.push_back({end.badge, TRY(request.defer())});
        return self->reply;
    }
    self->met = true;
    request.add_capability(pipe.objects.shared_memory.ref());
    request.add_capability(pipe.objects.shared_notification.ref());
    request.add_capability(pipe.objects.server.ref());
    return self->reply;
}

// Counts a new end, and lets in who waits for it.
Result<NamedPipes::Known*> NamedPipes::enter(const End& end, PipeMaker& maker) {
    if (!end.reads && !end.writes) {
        return base::fail(Status::invalid);
    }
    const Key key = key_of(end);
    auto found = pipes_.find(key);
    const bool anybody_reads = found != pipes_.end() && found->second.ends.readers != 0;
    if (!end.reads && !end.waits && !anybody_reads) {
        return base::fail(Status::out_of_range);
    }
    if (found == pipes_.end()) {
        if (pipes_.size() == most) {
            return base::fail(Status::limit);
        }
        Pipe fresh{.objects = TRY(maker.make_pipe()), .ends = {}, .waiting = {}};
        found = pipes_.emplace(key, std::move(fresh)).first;
    }
    Pipe& pipe = found->second;
    fs::OpenPipe::Ends& ends = pipe.ends;
    const fs::OpenPipe::Reply reply{.writers_ever = ends.writers_ever - ends.writers};
    ends.readers += end.reads ? 1 : 0;
    ends.writers += end.writes ? 1 : 0;
    ends.writers_ever += end.writes ? 1 : 0;
    maker.publish(pipe.objects, ends);
    let_in(pipe);
    return &ends_.emplace(end.badge, Known{end, reply, false}).first->second;
}

// Whoever waited and is let in by somebody who leaves again at once has been let in nevertheless.
void NamedPipes::let_in(Pipe& pipe) {
    for (auto at = pipe.waiting.begin(); at != pipe.waiting.end();) {
        Known& waiter = ends_.find(at->badge)->second;
        const std::uint32_t others = waiter.end.reads ? pipe.ends.writers : pipe.ends.readers;
        if (others == 0) {
            ++at;
            continue;
        }
        waiter.met = true;
        // If it cannot be delivered, the File ends, or the call is made again.
        (void)at->pending.answer<fs::OpenPipe>(
            waiter.reply,
            {.capabilities = {pipe.objects.shared_memory.ref(),
                              pipe.objects.shared_notification.ref(), pipe.objects.server.ref()}});
        at = pipe.waiting.erase(at);
    }
}

void NamedPipes::close(std::uint64_t badge, PipeMaker& maker) {
    const auto found = ends_.find(badge);
    if (found == ends_.end()) {
        return;
    }
    const End end = found->second.end;
    ends_.erase(found);
    const auto at = pipes_.find(key_of(end));
    Pipe& pipe = at->second;
    std::erase_if(pipe.waiting, [&](const Waiting& one) { return one.badge == badge; });
    pipe.ends.readers -= end.reads ? 1 : 0;
    pipe.ends.writers -= end.writes ? 1 : 0;
    if (pipe.ends.readers == 0 && pipe.ends.writers == 0) {
        pipes_.erase(at);
    } else {
        maker.publish(pipe.objects, pipe.ends);
    }
}

}  // namespace fs_server
