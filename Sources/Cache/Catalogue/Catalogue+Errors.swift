internal import GRDB
internal import Glibc
internal import Support

/// What goes wrong with SQLite, in one line each.
extension Catalogue {
  static func unknownVersion(_ version: Int, at path: String) -> InputError {
    InputError(
      .badData, otherVersion, at: path, expected: "version \(migrations.count)",
      got: "version \(version)",
      hint: "a newer vild wrote it; use that one, or rebuild it from the shards with "
        + "'vild cache reindex'")
  }

  /// Database errors as input errors.
  static func translating<Value>(
    _ path: String, _ body: () throws -> Value
  ) throws(InputError) -> Value {
    do {
      return try body()
    } catch let error as InputError {
      throw error
    } catch let damage as DamagedRow {
      throw InputError(.badData, damage.description, at: path, hint: rebuild)
    } catch let error as RowDecodingError {
      throw damaged(path, got: "\(error)")
    } catch let error as DatabaseError {
      // SQLite does not say why it could not write; the shared memory of its log fails so on a full disk.
      let isLimited = ProcessLimits.value(__rlimit_resource_t(RLIMIT_FSIZE.rawValue)) != nil
      switch error.extendedResultCode {
      case .SQLITE_IOERR_SHMSIZE,
        .SQLITE_IOERR_WRITE where isLimited:
        let code = isLimited ? EFBIG : ENOSPC
        throw .system("cannot write the catalogue", at: path, code: code)
      default: break
      }
      switch error.resultCode {
      case .SQLITE_FULL:
        throw .system("cannot write the catalogue", at: path, code: ENOSPC)
      case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
        throw InputError(
          .tryAgain, "another process holds the catalogue", at: path,
          got: LockHolders.names(of: path, "\(path)-shm", "\(path)-wal"),
          hint: "try again when it lets go")
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
        throw InputError(
          .cannotCreate, "cannot open the catalogue", at: path, got: error.message,
          hint: "where it may be written to, 'vild cache reindex' rebuilds it from the shards")
      case .SQLITE_CONSTRAINT:
        throw InputError(
          .badData, "the catalogue contradicts what is to be written", at: path,
          got: error.message, hint: rebuild)
      case .SQLITE_IOERR:
        throw InputError(
          .inputOutput, "cannot read or write the catalogue", at: path, got: error.message,
          hint: "where the disk is sound, 'vild cache reindex' rebuilds it from the shards")
      case .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_ABORT:
        throw InputError(.tryAgain, "the catalogue failed", at: path, got: error.message)
      default:
        // Among others a table or a column that is not there: its schema was damaged.
        throw damaged(path, got: error.message)
      }
    } catch {
      throw InputError(.inputOutput, "the catalogue failed", at: path, got: "\(error)")
    }
  }

  static let rebuild =
    "rebuild it from the shards with 'vild cache reindex'; only the history of runs is lost"

  static func damaged(_ path: String, expected: String? = nil, got: String?) -> InputError {
    InputError(
      .badData, "the catalogue is damaged", at: path, expected: expected, got: got, hint: rebuild)
  }
}
