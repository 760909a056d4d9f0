import Foundation
import Support
import TestSupport
import Testing

@Suite struct ProcessorCoresTests {
  private func write(_ text: String, _ path: String) throws {
    try Files.createFolder(PathText.folder(of: path))
    try Files.write(Data(text.utf8), to: path)
  }

  private func quotas(_ text: String, _ root: String) -> [Double] {
    ControlGroup.all(of: "cpu", in: text, root: root).compactMap(ProcessorCores.quota)
  }

  /// Every group above counts, too.
  @Test func quotasOfControlGroups() throws {
    try withTemporaryFolder { root in
      try write("max 100000\n", "\(root)/a/b/cpu.max")
      try write("150000 100000\n", "\(root)/a/cpu.max")
      #expect(quotas("0::/a/b\n", root) == [1.5])
      #expect(quotas("0::/elsewhere\n", root).isEmpty)
      // In a container the path is that of the world outside.
      try write("400000 100000\n", "\(root)/cpu.max")
      #expect(quotas("0::/docker/1234\n", root) == [4])
      #expect(quotas("0::/a\n", root) == [1.5, 4])
    }
  }

  /// The kernel has written none of these but the last.
  @Test(arguments: ["", "100000", "0 100000", "-5 100000", "1 0", "a b", "1 2 3", "max 100000"])
  func whatIsNoQuota(text: String) throws {
    try withTemporaryFolder { root in
      try write(text, "\(root)/cpu.max")
      #expect(quotas("0::/\n", root).isEmpty)
    }
  }

  /// Mounted under the controller's name, or under those of all that share the mount.
  @Test(arguments: ["cpu", "cpu,cpuacct"]) func quotasOfVersion1(mount: String) throws {
    try withTemporaryFolder { root in
      let folder = "\(root)/\(mount)"
      try write("-1\n", "\(folder)/cpu.cfs_quota_us")
      try write("100000\n", "\(folder)/cpu.cfs_period_us")
      try write("50000\n", "\(folder)/x/cpu.cfs_quota_us")
      try write("20000\n", "\(folder)/x/cpu.cfs_period_us")
      let text = "5:cpu,cpuacct:/x\n4:memory:/x\n3:cpuset:/y\n1:name=systemd:/x\n0::/x\n"
      #expect(quotas(text, root) == [2.5])
    }
  }

  /// A part of a core is one thread's.
  @Test func theLeastCounts() {
    #expect(ProcessorCores.allowed(affinity: 16, quotas: []) == 16)
    #expect(ProcessorCores.allowed(affinity: 16, quotas: [32]) == 16)
    #expect(ProcessorCores.allowed(affinity: 16, quotas: [8, 2.5]) == 3)
    #expect(ProcessorCores.allowed(affinity: 2, quotas: [1.5]) == 2)
    #expect(ProcessorCores.allowed(affinity: 4, quotas: [0.1]) == 1)
  }

  /// The kernel lists cores that are not there.
  @Test func affinity() {
    func count(_ list: String, _ online: String) -> Int? {
      ProcessorCores.affinity(
        status: "Name:\tvild\nCpus_allowed:\tff\nCpus_allowed_list:\t\(list)\nMems_allowed:\t1\n",
        online: online)
    }
    #expect(count("0", "0-1\n") == 1)
    #expect(count("0-127", "0-3\n") == 4)
    #expect(count("1,3-5,9", "0-4,9\n") == 4)
    #expect(count("", "0-3\n") == nil && count("x", "0-3\n") == nil)
    #expect(ProcessorCores.affinity(status: "Name:\tvild\n", online: "0-3\n") == nil)
  }

  @Test func ofThisProcess() {
    #expect(1...ProcessInfo.processInfo.activeProcessorCount ~= ProcessorCores.allowed)
  }
}
