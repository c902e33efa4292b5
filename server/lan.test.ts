import { describe, expect, it } from 'vitest'
import { type Interfaces, invitation, rankAddresses, reachableAt } from './lan.ts'

/** Interfaces as `name: address[, mac]`, in the system's order. */
function machine(...lines: string[]): Interfaces {
  const found: Record<string, { address: string; mac: string; internal: boolean }[]> = {}
  for (const line of lines) {
    const [name = '', address = '', mac = 'a4:83:e7:01:02:03'] = line.split(/: |, /)
    const internal = address === '127.0.0.1' || address === '::1'
    found[name] = [...(found[name] ?? []), { address, mac, internal }]
  }
  return found
}

describe('the addresses of a machine', () => {
  it.each([
    [
      'a laptop on Wi-Fi with VirtualBox, on Windows',
      machine(
        'Ethernet 2: 192.168.56.1, 0a:00:27:00:00:11',
        'Wi-Fi: 192.168.178.23',
        'Loopback Pseudo-Interface 1: 127.0.0.1',
      ),
      ['192.168.178.23', '192.168.56.1'],
    ],
    [
      'one with WSL and Hyper-V',
      machine('vEthernet (WSL): 172.28.0.1', 'vEthernet (Default Switch): 172.17.48.1', 'Ethernet: 10.0.0.7'),
      ['10.0.0.7', '172.28.0.1', '172.17.48.1'],
    ],
    [
      'a Linux machine with Docker, libvirt and a tunnel',
      machine(
        'lo: 127.0.0.1',
        'docker0: 172.17.0.1, 02:42:9a:00:00:01',
        'br-4f1: 172.18.0.1',
        'virbr0: 192.168.122.1',
        'tun0: 10.8.0.2',
        'wlp3s0: 192.168.1.5',
      ),
      ['192.168.1.5', '172.17.0.1', '172.18.0.1', '192.168.122.1', '10.8.0.2'],
    ],
    [
      'a Mac with Tailscale, Parallels and IPv6',
      machine(
        'utun4: 100.101.102.103',
        'bridge100: 10.211.55.2',
        'en0: fe80::1c2a',
        'en0: 2001:db8::5',
        'en0: 192.168.0.9',
        'awdl0: fe80::9',
      ),
      ['192.168.0.9', '2001:db8::5', '10.211.55.2', '100.101.102.103'],
    ],
    [
      'one with a VMware host adapter under a plain name',
      machine('Ethernet 4: 192.168.44.1, 00:50:56:c0:00:08', 'Ethernet: 192.168.2.2'),
      ['192.168.2.2', '192.168.44.1'],
    ],
    [
      'one whose cable got no address, beside a good one',
      machine('eth1: 169.254.7.7', 'eth0: 172.20.1.1'),
      ['172.20.1.1', '169.254.7.7'],
    ],
    [
      'a server with a public address',
      machine('eth0: 203.0.113.9', 'eth1: 10.1.1.1'),
      ['10.1.1.1', '203.0.113.9'],
    ],
    [
      'a container, of which nothing else is known',
      machine('eth0: 172.17.0.2, 02:42:ac:11:00:02'),
      ['172.17.0.2'],
    ],
    ['a machine with IPv6 only', machine('eth0: fe80::1', 'eth0: fd00::2'), ['fd00::2']],
    ['a machine alone', machine('lo: 127.0.0.1', 'lo: ::1'), []],
  ])('of %s are ranked', (_what, interfaces, expected) => {
    expect(rankAddresses(interfaces)).toEqual(expected)
  })

  it('are those of the address family that a server listens on', () => {
    const interfaces = machine('eth0: 10.0.0.1', 'eth0: fd00::2')
    expect(reachableAt('::', interfaces)).toEqual(['10.0.0.1', 'fd00::2'])
    expect(reachableAt('0.0.0.0', interfaces)).toEqual(['10.0.0.1'])
    expect(reachableAt('fd00::2', interfaces)).toEqual(['fd00::2'])
  })
})

describe('the invitation', () => {
  it('shows one code, for the first address, and names all', () => {
    const text = invitation(['http://10.0.0.1:3000', 'http://[fd00::2]:3000'], 'secret')
    expect(text).toMatch(/^Join: +http:\/\/10\.0\.0\.1:3000$/m)
    expect(text).toMatch(/^or: +http:\/\/\[fd00::2\]:3000$/m)
    expect(text).toMatch(/^Command: +http:\/\/10\.0\.0\.1:3000\/#token=secret /m)
    expect(text.slice(0, text.indexOf('Join'))).toBe(
      invitation(['http://10.0.0.1:3000'], 'x').slice(0, text.indexOf('Join')),
    )
  })
})
