/** What a visit needs next, from the machine's table and what is on this phone. */

import { missing, type Item } from "./checklist.ts";
import { metres } from "./format.ts";
import { ACTIVE, ENDED, find } from "./machine.ts";
import { model, type Shown } from "./model.ts";
import { here } from "./phone.ts";
import type { Intent } from "./sync/core.ts";
import type { Geo, Row } from "./sync/types.ts";
import { hasWorked, LEAST_MS } from "./time.ts";

export interface Job {
  visit: Shown;
  order: Shown | undefined;
  position: Shown | undefined;
  device: Shown | undefined;
}

export function job(visit: Shown): Job {
  const order = model.one("work_order", visit.work_order_id);
  return { visit, order, position: model.one("position", order?.position_id), device: model.one("device", order?.device_id) };
}

const RANK = (visit: Shown): number => (isOver(visit) ? 2 : ACTIVE.has(visit.status) ? 0 : 1);

/** My visits: the one under way first, then in the order planned; ended ones last. */
export function visits(isRehearsing: boolean): Shown[] {
  const me = model.all("person").find((one) => one.is_me)?.id;
  return model
    .all("visit")
    .filter((visit) => Boolean(visit.is_rehearsal) === isRehearsing && isMine(visit, me))
    .sort((a, b) => RANK(a) - RANK(b) || String(a.planned_start).localeCompare(String(b.planned_start)));
}

function isMine(visit: Shown, me: string | undefined): boolean {
  return visit.is_mine === true || !me || !visit.technician_id || visit.technician_id === me || (visit.companions ?? []).includes(me);
}

export const isEnded = (visit: Shown): boolean => ENDED.has(visit.status);
/** Ended, or given to somebody else and kept only for what was entered. */
export const isOver = (visit: Shown): boolean => visit.isLeft || isEnded(visit);
export const isActive = (visit: Shown): boolean => ACTIVE.has(visit.status);

export { promised } from "./promise.ts";

export type Step = "accept" | "travel" | "arrive" | "start" | "work" | "finish" | "resume" | null;

/** The one next step. */
export function nextStep({ visit, order }: Job): Step {
  if (visit.isLeft || order?.isLeft || !order || isEnded(visit) || order.status === "cancelled") return null;
  if (order.status === "on_hold" && ["working", "break", "on_site"].includes(visit.status)) return "resume";
  switch (visit.status) {
    case "planned":
    case "offered":
      return "accept";
    case "accepted":
      return "travel";
    case "enroute":
      return "arrive";
    case "on_site":
      return order.status === "in_progress" ? "work" : "start";
    case "break":
      return "work";
    case "working":
      return order.status === "in_progress" ? "finish" : "start";
    default:
      return null;
  }
}

export function checklistOf(order: Shown | undefined): (Row & { items: Item[] }) | null {
  const found = model.one("checklist", order?.checklist_id);
  return found ? (found as Row & { items: Item[] } & Shown) : null;
}

export const photos = (order: Shown | undefined): Row[] => (order?.attachments ?? []).filter((one: Row) => one.role !== "signature");
export const hasRole = (order: Shown | undefined, role: string): boolean => (order?.attachments ?? []).some((one: Row) => one.role === role);

/** Which of an order's files the server has: by its own word, or by the receipt this phone was given. */
export function isOnServer(attachment: Row): boolean {
  return attachment.is_here === true || model.blobs.some((one) => one.sha256 === attachment.sha256 && one.state === "server");
}

export function permitOf(order: Shown | undefined): Shown | undefined {
  return order ? model.of("permit", "work_order_id", order.id).sort((a, b) => String(b.issued_at).localeCompare(String(a.issued_at)))[0] : undefined;
}

/** What the machine still asks before `complete`, by the names of its guards. */
export function lacking({ visit, order }: Job): string[] {
  if (!order) return [];
  const list = checklistOf(order);
  const permit = permitOf(order);
  const isRepair = (order.kind ?? "repair") === "repair";
  const held: Record<string, boolean> = {
    checklist_done: !list || missing(list.items, order.answers ?? {}).length === 0,
    photos_registered: !isRepair || (hasRole(order, "before") && hasRole(order, "after")),
    codes_given: !isRepair || Boolean(order.problem_code && order.cause_code && order.remedy_code),
    time_booked: hasWorked(model.of("visit", "work_order_id", order.id), order.cycle, running(visit.id)),
    signature_if_needed: !order.needs_signature || hasRole(order, "signature"),
    permit_handed_back: !permit || Boolean(permit.handed_back_at),
  };
  const move = find("order", "complete", "in_progress");
  return (move?.guards ?? []).filter((guard) => held[guard] === false && !isEnded(visit));
}

/** What keeps work from starting, besides the scan. */
export function startLacks(order: Shown): string[] {
  const permit = permitOf(order);
  const isolation = permit && permit.isolation?.length > 0 && !permit.confirmed_at;
  return [order.needs_permit && !permit ? "permit_missing" : "", isolation ? "isolation_open" : ""].filter(Boolean);
}

export function isInside(position: Row | undefined, order: Row | undefined, at: Geo | null): boolean {
  if (!position || typeof position.lat !== "number" || !at) return false;
  const fence = order?.geofence_m ?? 100; // a fix less exact than the fence is wide proves no more than one that exact
  return metres({ lat: at.lat, lon: at.lon }, position as Row & { lat: number; lon: number }) - Math.min(at.acc, fence) <= fence;
}

export function distanceTo(position: Row | undefined): number | null {
  const at = here();
  return at && position && typeof position.lat === "number" ? metres(at, position as Row & { lat: number; lon: number }) : null;
}

// Time runs from the phone's monotonic clock while the app lives, and from its wall clock over a restart.

interface Running {
  visit: string;
  kind: "travel" | "work" | "break";
  at: number;
  mono: number;
  boot: string;
}

const RUNNING = "field-running";

export function running(visit: string): (Running & { ms: number }) | null {
  const kept: Running[] = JSON.parse(localStorage.getItem(RUNNING) ?? "[]");
  const found = kept.find((one) => one.visit === visit);
  const env = model.core?.env;
  if (!found || !env) return null;
  return { ...found, ms: Math.max(0, found.boot === env.bootId ? env.mono() - found.mono : env.now() - found.at) };
}

/** Stop what runs for a visit and start the next; returns the punch to book, if any time went by. */
export function turnClock(visit: string, kind: Running["kind"] | null): Intent[] {
  const stopped = running(visit);
  const env = model.core!.env;
  const rest = (JSON.parse(localStorage.getItem(RUNNING) ?? "[]") as Running[]).filter((one) => one.visit !== visit);
  if (kind) rest.push({ visit, kind, at: env.now(), mono: env.mono(), boot: env.bootId });
  localStorage.setItem(RUNNING, JSON.stringify(rest));
  if (!stopped || stopped.ms < LEAST_MS) return [];
  const started_at = new Date(stopped.at + model.core!.session.offset).toISOString();
  return [{ entity: "visit", entity_id: visit, command: "punch", args: { kind: stopped.kind, seconds: Math.round(stopped.ms / 100) / 10, started_at } }];
}

export function booked(visit: Row, kind: string): number {
  return (visit.punches ?? []).filter((one: Row) => one.kind === kind).reduce((sum: number, one: Row) => sum + one.seconds, 0);
}
