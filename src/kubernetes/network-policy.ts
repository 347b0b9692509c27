import type {
  V1IPBlock,
  V1NetworkPolicy,
  V1NetworkPolicyIngressRule,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
} from "@kubernetes/client-node";
import { SOFTWARE } from "../version.ts";
import { named, POD_LABELS } from "./metadata.ts";

/**
 * The Internet without private networks (RFC 1918, RFC 6598), link-local addresses and protocol assignments (RFC 6890).
 * Clouds serve credentials at some of these. Azure's host address is left out too, although it has a public number.
 */
const PUBLIC_ADDRESSES: readonly V1IPBlock[] = [
  {
    cidr: "0.0.0.0/0",
    except: [
      "10.0.0.0/8",
      "100.64.0.0/10",
      "168.63.129.16/32",
      "169.254.0.0/16",
      "172.16.0.0/12",
      "192.0.0.0/24",
      "192.168.0.0/16",
    ],
  },
  // Global unicast: RFC 4291 §2.4.
  { cidr: "2000::/3" },
];

/** Discord's REST API and gateway, the bucket, the events' receivers. */
const HTTPS: V1NetworkPolicyPort = { protocol: "TCP", port: 443 };

/**
 * Discord names other ports of the voice server for each call, that of its gateway (TCP) and that of the audio (UDP),
 * and documents no range. 443, 2048 and others have been seen for the one, 50000 to 65535 and 19294 to 19344 for the
 * other: https://docs.discord.com/developers/topics/voice-connections
 */
const VOICE: readonly V1NetworkPolicyPort[] = [
  { protocol: "TCP", port: 1_024, endPort: 65_535 },
  { protocol: "UDP", port: 1_024, endPort: 65_535 },
];

/** The allowed connections from and to recorders; everything else is refused. */
export function networkPolicy(namespace: string | undefined, httpPort: number): V1NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: named(SOFTWARE.name, namespace),
    spec: {
      podSelector: { matchLabels: { ...POD_LABELS } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [fromPods({ protocol: "TCP", port: httpPort })],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
            // NodeLocal DNSCache, if a cluster has it.
            { ipBlock: { cidr: "169.254.20.10/32" } },
          ],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
        { to: PUBLIC_ADDRESSES.map((ipBlock) => ({ ipBlock })), ports: [HTTPS, ...VOICE] },
      ],
    },
  };
}

/** Any pod of the cluster. The client's type has another name for `from`, which its serializer would translate. */
function fromPods(port: V1NetworkPolicyPort): V1NetworkPolicyIngressRule & { from: V1NetworkPolicyPeer[] } {
  return { from: [{ namespaceSelector: {} }], ports: [port] };
}
