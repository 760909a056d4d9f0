import CKernels
import Support

/// The memory of this process that is resident.
public enum ResidentMemory {
  /// Now, after what was freed has been given back to the system: what more comes is new. In bytes.
  public static func trimmed() -> Int {
    vild_give_back_memory()
    return ProcessUsage.residentBytes
  }
}
