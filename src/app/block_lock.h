// Who keeps the block list of a network namespace.
#pragma once
#include "base/file_lock.h"
#include "base/result.h"

namespace sekisho {

// One writer for the tables of a network namespace: the lock, or a sentence about who has it.
Result<FileLock> take_block_lock();

}  // namespace sekisho
